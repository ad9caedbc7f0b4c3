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
    data.texts = new TextDecoder().decode(bytes).split('\n')
    return data.texts
  })
  return data.textsLoading
}

// Ids, fine clusters and neighbors, loaded when the first token is chosen.
Atlas.details = function (data) {
  data.detailsLoading ??= Atlas.unpack(data.base + data.meta.near).then((bytes) => {
    const n = data.n
    data.ids = Uint32Array.from({ length: n }, (_, i) => bytes[i] | (bytes[n + i] << 8) | (bytes[2 * n + i] << 16))
    data.fine = Atlas.split16(bytes, 3 * n, n, false)
    data.nearBytes = bytes.subarray(5 * n)
  })
  return data.detailsLoading
}

// The nearest neighbors of one row: [row, similarity], nearest first.
Atlas.near = function (data, row) {
  const bytes = data.nearBytes
  const n = data.n
  const k = data.meta.neighbors
  const found = []
  for (let j = 0; j < k; j++) {
    const at = j * n + row
    found.push([bytes[at] | (bytes[k * n + at] << 8) | (bytes[2 * k * n + at] << 16), bytes[3 * k * n + at] / 255])
  }
  return found
}
