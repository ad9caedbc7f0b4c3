// Reading a map's files: see atlas/payload.py, which writes them.
const Atlas = { GREY: 255 }

Atlas.unpack = async function (url) {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  const stream = answer.body.pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

// Unsigned 16-bit numbers from their low and high bytes; `summed` turns differences back into values.
Atlas.split16 = function (bytes, offset, n, summed) {
  const values = new Uint16Array(n)
  let last = 0
  for (let i = 0; i < n; i++) {
    const value = bytes[offset + i] | (bytes[offset + n + i] << 8)
    last = summed ? (last + value) & 65535 : value
    values[i] = last
  }
  return values
}

Atlas.load = async function (meta, base) {
  const n = meta.tokens
  const bytes = await Atlas.unpack(base + meta.projections[meta.main])
  const plane = (k) => bytes.subarray(4 * n + k * n, 4 * n + (k + 1) * n)
  return {
    meta, base, n,
    groups: { cluster: plane(1), kind: plane(2), script: plane(3), pos: plane(4) },
    fine: Atlas.split16(bytes, 9 * n, n, false),
    layouts: { [meta.main]: { x: Atlas.split16(bytes, 0, n, true), y: Atlas.split16(bytes, 2 * n, n, true), zoom: plane(0) } },
  }
}

Atlas.layout = async function (data, name) {
  if (!data.layouts[name]) {
    const n = data.n
    const bytes = await Atlas.unpack(data.base + data.meta.projections[name])
    data.layouts[name] = { x: Atlas.split16(bytes, 0, n, true), y: Atlas.split16(bytes, 2 * n, n, true), zoom: bytes.subarray(4 * n, 5 * n) }
  }
  return data.layouts[name]
}

Atlas.texts = function (data) {
  data.textsLoading ??= Atlas.unpack(data.base + data.meta.texts).then((bytes) => {
    const lines = new TextDecoder().decode(bytes).split('\n')
    data.texts = lines.slice(0, data.n)
    data.ids = lines.slice(data.n).map((line) => parseInt(line, 36))
    return data.texts
  })
  return data.textsLoading
}

// The nearest neighbors of one row: [row, similarity], nearest first.
Atlas.near = async function (data, row) {
  data.nearLoading ??= Atlas.unpack(data.base + data.meta.near)
  const bytes = await data.nearLoading
  const n = data.n
  const k = data.meta.neighbors
  const found = []
  for (let j = 0; j < k; j++) {
    const at = j * n + row
    found.push([bytes[at] | (bytes[k * n + at] << 8) | (bytes[2 * k * n + at] << 16), bytes[3 * k * n + at] / 255])
  }
  return found
}
