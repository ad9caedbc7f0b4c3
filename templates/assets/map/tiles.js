// A map of more tokens than a page loads at once: tiles by need, as atlas/tiles.py writes them. What is loaded at a time are the tiles
// that meet the view, from the root down to the level at which about BUDGET points are in view.
Atlas.BUDGET = 60000
Atlas.KEPT = 160 // tiles kept loaded beside those in use, the latest used first

Atlas.tiled = function (meta, base) {
  const own = meta.tiles
  const at = (name) => `${base}${own.folder}${name}.bin`
  const tiles = [] // {n, level, column, row, mask, count, start, children, parent}
  const loaded = new Map() // tile number → points, in order of last use
  const files = new Map()
  let shown = null
  let using = new Set()
  let control = null
  let opening = null

  const number = (bytes, offset, count, n, i) => {
    let value = 0
    for (let k = count - 1; k >= 0; k--) value = value * 256 + bytes[offset + k * n + i]
    return value
  }
  // The parts of tiles that are loaded when first wanted; a few hundred are kept.
  const part = (name) => {
    if (!files.has(name)) {
      const wanted = Atlas.unpack(at(name))
      files.set(name, wanted)
      wanted.catch(() => files.delete(name))
      if (files.size > 400) files.delete(files.keys().next().value)
    }
    return files.get(name)
  }
  const lines = (bytes) => new TextDecoder().decode(bytes).split('\n')
  const texts = new Map() // tile number → [[text, reading]]
  const loadTexts = async (n) => {
    if (!texts.has(n)) {
      const found = lines(await part(`${n}.t`)).map((line) => line.split('\t'))
      texts.set(n, found)
      if (texts.size > Atlas.KEPT * 2) texts.delete([...texts.keys()].find((one) => !using.has(one)))
    }
    return texts.get(n)
  }
  const tileOf = (row) => {
    let [low, high] = [0, tiles.length - 1]
    while (low < high) { const middle = (low + high + 1) >> 1; if (tiles[middle].start <= row) low = middle; else high = middle - 1 }
    return tiles[low]
  }

  const read = (tile, bytes) => {
    const n = tile.count
    const width = Atlas.UNITS / 2 ** tile.level
    const place = (offset, from) => Float64Array.from(Atlas.split16(bytes, offset, n, true), (value) => (from + (value + 0.5) / 65536) * width)
    const plane = (k) => bytes.subarray((4 + k) * n, (5 + k) * n)
    return { x: place(0, tile.column), y: place(2 * n, tile.row), zoom: plane(0), groups: { cluster: plane(1), kind: plane(2), script: plane(3), pos: plane(4) } }
  }
  const load = async (tile, options) => {
    const kept = loaded.get(tile.n)
    if (kept) { loaded.delete(tile.n); loaded.set(tile.n, kept); return }
    loaded.set(tile.n, read(tile, await Atlas.unpack(at(`${tile.n}.p`), options)))
  }
  const forget = () => {
    for (const n of loaded.keys()) {
      if (loaded.size <= using.size + Atlas.KEPT) break
      if (!using.has(n)) loaded.delete(n)
    }
  }
  const gather = () => {
    const list = [...using].sort((a, b) => a - b).map((n) => tiles[n])
    const n = list.reduce((sum, tile) => sum + tile.count, 0)
    const found = { projection: meta.main, n, rows: new Uint32Array(n), x: new Float64Array(n), y: new Float64Array(n), zoom: new Uint8Array(n), groups: {} }
    for (const name of ['cluster', 'kind', 'script', 'pos']) found.groups[name] = new Uint8Array(n)
    let to = 0
    for (const tile of list) {
      const points = loaded.get(tile.n)
      found.x.set(points.x, to)
      found.y.set(points.y, to)
      found.zoom.set(points.zoom, to)
      for (const name in found.groups) found.groups[name].set(points.groups[name], to)
      for (let i = 0; i < tile.count; i++) found.rows[to + i] = tile.start + i
      to += tile.count
    }
    shown = found
  }

  const open = () => (opening ??= (async () => {
    const [bytes, root] = await Promise.all([Atlas.unpack(at('index')), Atlas.unpack(at('0.p'))])
    const n = bytes.length / 5
    let start = 0
    const grow = (level, column, row, parent) => {
      const at = tiles.length
      const tile = { n: at, level, column, row, mask: bytes[at], count: number(bytes, n, 4, n, at), start, parent, children: [] }
      tiles.push(tile)
      start += tile.count
      for (let quarter = 0; quarter < 4; quarter++) {
        if (tile.mask & (1 << quarter)) tile.children.push(grow(level + 1, column * 2 + (quarter & 1), row * 2 + (quarter >> 1), tile))
      }
      return tile
    }
    grow(0, 0, 0, null)
    loaded.set(0, read(tiles[0], root))
    using = new Set([0])
    gather()
  })().catch((problem) => { opening = null; throw problem }))

  // The share of a tile's square that lies in a view: how many of its points to expect there.
  const share = (tile, view) => {
    const width = Atlas.UNITS / 2 ** tile.level
    const across = Math.min(view.right, (tile.column + 1) * width) - Math.max(view.left, tile.column * width)
    const up = Math.min(view.top, (tile.row + 1) * width) - Math.max(view.bottom, tile.row * width)
    return across <= 0 || up <= 0 ? 0 : across * up / (width * width)
  }
  const need = (view, half) => {
    const most = Math.max(0, Math.min(own.deepest, Math.ceil((half - own.labels) / 2)))
    const wide = { left: view.left - (view.right - view.left) * 0.25, right: view.right + (view.right - view.left) * 0.25, bottom: view.bottom - (view.top - view.bottom) * 0.25, top: view.top + (view.top - view.bottom) * 0.25 }
    const found = [tiles[0]]
    let expected = tiles[0].count * share(tiles[0], view)
    for (let level = tiles[0].children; level.length;) {
      const meeting = level.filter((tile) => share(tile, wide) > 0)
      const more = meeting.reduce((sum, tile) => sum + tile.count * share(tile, view), 0)
      if (!meeting.length || (expected + more > Atlas.BUDGET && meeting[0].level > most)) break
      expected += more
      found.push(...meeting)
      level = meeting.flatMap((tile) => tile.children)
    }
    return found
  }

  const facts = async (tile) => {
    const bytes = await part(`${tile.n}.f`)
    const n = tile.count
    return { id: (i) => number(bytes, 0, 4, n, i), fine: (i) => number(bytes, 4 * n, 2, n, i), eighth: bytes.subarray(6 * n, 7 * n), kept: bytes.subarray(7 * n, 8 * n) }
  }
  const idChunk = (k) => part(`ids.${k}`)
  const search = (list, key) => { let [low, high] = [0, list.length]; while (low < high) { const middle = (low + high) >> 1; if (list[middle] <= key) low = middle + 1; else high = middle } return low - 1 }
  const lookup = async (id) => {
    const k = search(own.ids, id)
    if (k < 0) return null
    const bytes = await idChunk(k)
    const n = bytes.length / 8
    let [low, high] = [0, n]
    while (low < high) { const middle = (low + high) >> 1; if (number(bytes, 0, 4, n, middle) < id) low = middle + 1; else high = middle }
    return low < n && number(bytes, 0, 4, n, low) === id ? { rank: k * own.chunk + low + 1, row: number(bytes, 4 * n, 4, n, low) } : null
  }
  // Strings by code points, as the index is sorted; JavaScript's own order is by UTF-16 units.
  const before = (a, b) => {
    const [one, two] = [[...a], [...b]]
    for (let i = 0; i < Math.min(one.length, two.length); i++) if (one[i] !== two[i]) return one[i].codePointAt(0) < two[i].codePointAt(0)
    return one.length < two.length
  }
  let keys = null

  const source = {
    meta, total: meta.tokens, findsBeginnings: true, open, loaded,
    points: () => shown,
    async want(projection, view, half) {
      const list = need(view, half)
      const wanted = new Set(list.map((tile) => tile.n))
      if (wanted.size === using.size && [...wanted].every((n) => using.has(n))) return false
      control?.abort()
      control = new AbortController()
      const mine = control
      // A fetch that is dropped while its body is unpacked fails as a network would, so the signal is asked.
      const failed = await Promise.all(list.map((tile) => load(tile, { signal: mine.signal }))).then(() => null, (problem) => problem)
      if (mine.signal.aborted) throw new DOMException('another view is wanted', 'AbortError')
      if (failed) throw failed
      using = wanted
      gather()
      forget()
      return true
    },
    text(row) { const tile = tileOf(row); return texts.get(tile.n)?.[row - tile.start]?.[0] },
    texts: async (rows) => { await Promise.all([...new Set(rows.map((row) => tileOf(row).n))].map(loadTexts)) },
    async facts(row) {
      const tile = tileOf(row)
      const i = row - tile.start
      const [own, bytes, said] = await Promise.all([facts(tile), part(`${tile.n}.n`), loadTexts(tile.n)])
      const k = meta.neighbors
      const near = Array.from({ length: k }, (_, j) => [number(bytes, 0, 4, k * tile.count, j * tile.count + i), bytes[4 * k * tile.count + j * tile.count + i] / 255])
      const { rank } = await lookup(own.id(i))
      return { id: own.id(i), rank, fine: own.fine(i), reading: said[i][1] || null, overlap: { [meta.main]: own.kept[i] }, near }
    },
    async place(projection, row) {
      const tile = tileOf(row)
      await load(tile)
      const points = loaded.get(tile.n)
      return [points.x[row - tile.start], points.y[row - tile.start]]
    },
    // Near on the map is a neighbor to which fewer than k others are nearer. Loaded tiles may tell already that k are; else all tiles
    // that the circle meets are looked through, which are few since the circle holds few points.
    async kept(projection, row, rows) {
      const [x, y] = await source.place(projection, row)
      const nearer = (tile, radius) => {
        const points = loaded.get(tile.n)
        let count = 0
        for (let i = 0; i < tile.count; i++) if (tile.start + i !== row && (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2 < radius) count++
        return count
      }
      const close = new Set()
      for (const other of rows) {
        const [ox, oy] = await source.place(projection, other)
        const radius = (ox - x) ** 2 + (oy - y) ** 2
        const reach = Math.sqrt(radius)
        const circle = { left: x - reach - 1e-9, right: x + reach + 1e-9, bottom: y - reach - 1e-9, top: y + reach + 1e-9 }
        let count = 0
        for (let level = [tiles[0]]; level.length && count < meta.k;) {
          for (const tile of level) {
            if (count >= meta.k) break
            await load(tile)
            count += nearer(tile, radius)
          }
          level = level.flatMap((tile) => tile.children).filter((tile) => share(tile, circle) > 0)
        }
        if (count < meta.k) close.add(other)
      }
      return close
    },
    async find(query, most) {
      const wanted = Atlas.fold(query)
      keys ??= lines(await part('keys'))
      let [low, high] = [0, keys.length]
      while (low < high) { const middle = (low + high) >> 1; if (before(keys[middle], wanted)) low = middle + 1; else high = middle }
      const found = new Map()
      for (let k = Math.max(low - 1, 0); k < Math.min(keys.length, low + 3); k++) {
        for (const line of lines(await part(`words.${k}`))) {
          const [key, row, text] = line.split('\t')
          if (key.startsWith(wanted) && !found.has(row)) found.set(row, { row: Number(row), text: text || key, exact: key === wanted })
        }
        if (found.size && keys[k + 1] !== undefined && !keys[k + 1].startsWith(wanted)) break
      }
      return [...found.values()].sort((a, b) => b.exact - a.exact || a.text.length - b.text.length || (a.text < b.text ? -1 : 1)).slice(0, most)
    },
    rowOf: async (id) => (await lookup(id))?.row ?? -1,
    ids: (rows) => Promise.all(rows.map(async (row) => { const tile = tileOf(row); return (await facts(tile)).id(row - tile.start) })),
    async plane(name) {
      const here = shown
      const plane = new Uint8Array(here.n)
      const counts = new Uint8Array(here.n)
      for (let i = 0; i < here.n;) {
        const tile = tileOf(here.rows[i])
        const told = await facts(tile)
        plane.set(told.eighth, i)
        counts.set(told.kept, i)
        i += tile.count
      }
      if (name === 'rank') return { plane, names: Array.from({ length: 8 }, (_, i) => [Math.floor(i * meta.tokens / 8) + 1, Math.floor((i + 1) * meta.tokens / 8)]) }
      return Atlas.steps(counts, meta.k, plane)
    },
  }
  return source
}
