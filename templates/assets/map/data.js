// Reading a map's files: see atlas/payload.py, which writes them. A *source* hands out what is loaded of one map; this one holds
// the whole of it, that of tiles.js as much as the view needs.
const Atlas = { GREY: 255, UNITS: 65535 }

Atlas.unpack = async function (url, options) {
  const answer = await fetch(url, options)
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

Atlas.source = (meta, base) => (meta.tiles ? Atlas.tiled(meta, base) : Atlas.whole(meta, base))

// Text as it is searched: without case, width and the difference between the two kana.
Atlas.fold = (text) => text.normalize('NFKC').toLowerCase().replace(/[\u30a1-\u30f6]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 96))

Atlas.whole = function (meta, base) {
  const n = meta.tokens
  const files = new Map()
  const layouts = {}
  let groups = null
  let texts = null
  let folded = null
  let readings = null
  let ids = null
  let order = null
  // One request a file, however often it is asked for; a failed one may be tried again.
  const once = (name, read) => {
    if (!files.has(name)) {
      const wanted = Atlas.unpack(base + name).then(read)
      files.set(name, wanted)
      wanted.catch(() => files.delete(name))
    }
    return files.get(name)
  }
  const lines = (bytes) => new TextDecoder().decode(bytes).split('\n')
  const open = (projection) => once(meta.projections[projection], (bytes) => {
    layouts[projection] = { n, rows: null, x: Atlas.split16(bytes, 0, n, true), y: Atlas.split16(bytes, 2 * n, n, true), zoom: bytes.subarray(4 * n, 5 * n) }
    if (projection === meta.main) groups = Object.fromEntries(['cluster', 'kind', 'script', 'pos'].map((name, i) => [name, bytes.subarray((5 + i) * n, (6 + i) * n)]))
  })
  const loadTexts = () => once(meta.texts, (bytes) => { texts = lines(bytes) })
  const loadReadings = () => (meta.readings ? once(meta.readings, (bytes) => { readings = lines(bytes) }) : null)
  let fine, overlaps
  const loadFacts = () => once(meta.facts, (bytes) => {
    ids = Uint32Array.from({ length: n }, (_, i) => bytes[i] | (bytes[n + i] << 8) | (bytes[2 * n + i] << 16))
    fine = Atlas.split16(bytes, 3 * n, n, false)
    overlaps = Object.fromEntries(Object.keys(meta.projections).map((name, i) => [name, bytes.subarray((5 + i) * n, (6 + i) * n)]))
    order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => ids[a] - ids[b])
  })
  let nearBytes
  const loadNear = () => once(meta.near, (bytes) => { nearBytes = bytes })
  const near = (row) => {
    const k = meta.neighbors
    return Array.from({ length: k }, (_, j) => {
      const at = j * n + row
      return [nearBytes[at] | (nearBytes[k * n + at] << 8) | (nearBytes[2 * k * n + at] << 16), nearBytes[3 * k * n + at] / 255]
    })
  }
  return {
    meta, total: n, findsBeginnings: false, open,
    points: (projection) => Object.assign(layouts[projection], { projection, groups }),
    want: async () => false,
    text: (row) => texts?.[row],
    texts: loadTexts,
    async facts(row) {
      await Promise.all([loadTexts(), loadFacts(), loadNear(), loadReadings()])
      let rank = 0
      let high = n
      while (rank < high) { const middle = (rank + high) >> 1; if (ids[order[middle]] < ids[row]) rank = middle + 1; else high = middle }
      const overlap = Object.fromEntries(Object.entries(overlaps).map(([name, plane]) => [name, plane[row]]))
      return { id: ids[row], rank: rank + 1, fine: fine[row], reading: readings?.[row] || null, overlap, near: near(row) }
    },
    async place(projection, row) {
      await open(projection)
      return [layouts[projection].x[row], layouts[projection].y[row]]
    },
    async kept(projection, row, rows) {
      await open(projection)
      const { x, y } = layouts[projection]
      const gaps = new Float64Array(n)
      for (let i = 0; i < n; i++) gaps[i] = (x[i] - x[row]) ** 2 + (y[i] - y[row]) ** 2
      gaps[row] = Infinity
      const edge = Float64Array.from(gaps).sort()[Math.min(meta.k, n) - 1]
      return new Set(rows.filter((other) => gaps[other] <= edge))
    },
    async find(query, most) {
      await Promise.all([loadTexts(), loadReadings()])
      folded ??= texts.map(Atlas.fold)
      readings &&= readings.folded ? readings : Object.assign(readings, { folded: readings.map(Atlas.fold) })
      const wanted = Atlas.fold(query)
      const ranks = []
      for (let i = 0; i < n; i++) {
        const place = folded[i].indexOf(wanted)
        if (place >= 0) ranks.push([folded[i].length === wanted.length ? -2 : place, folded[i].length, i])
        else if (readings?.folded[i].startsWith(wanted)) ranks.push([readings.folded[i].length === wanted.length ? -1 : 0.5, folded[i].length, i])
      }
      ranks.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (texts[a[2]] < texts[b[2]] ? -1 : 1))
      const kinds = meta.groups.kind
      return ranks.slice(0, most).map(([, , row]) => ({ row, text: texts[row], kind: kinds[groups.kind[row]], reading: readings?.[row] || null, id: ids?.[row] }))
    },
    async rowOf(id) {
      await loadFacts()
      return ids.indexOf(id)
    },
    async ids(rows) {
      await loadFacts()
      return rows.map((row) => ids[row])
    },
    // Colours by a number: eight steps of the rank in the vocabulary, or how many neighbors a projection keeps.
    async plane(name, projection) {
      await loadFacts()
      const plane = new Uint8Array(n)
      if (name === 'rank') {
        for (let i = 0; i < n; i++) plane[order[i]] = Math.floor(i * 8 / n)
        return { plane, names: Array.from({ length: 8 }, (_, i) => [Math.floor(i * n / 8) + 1, Math.floor((i + 1) * n / 8)]) }
      }
      return Atlas.steps(overlaps[projection], meta.k, plane)
    },
  }
}

// Counts from 0 to k in steps that are finer where most tokens are.
Atlas.steps = function (counts, k, plane) {
  const edges = [0, 1, 2, 3, 5, 7, 10].filter((edge) => edge <= k)
  for (let i = 0; i < counts.length; i++) {
    let step = 0
    while (step + 1 < edges.length && edges[step + 1] <= counts[i]) step++
    plane[i] = step
  }
  return { plane, names: edges.map((edge, i) => [edge, i + 1 < edges.length ? edges[i + 1] - 1 : k]) }
}
