// What colour each point has, and the legend that says so and filters. Twelve colours that differ in lightness as well as in hue
// (after Okabe & Ito 2008) for groups; eight steps from dark and blue to light and yellow for numbers.
Atlas.PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8f6bc9', '#b5504b', '#7a9a01', '#2a9d9d', '#a6761d', '#e377c2']
Atlas.STEPS = ['#5b3fa8', '#3f62c0', '#2383b8', '#1f9d9a', '#45b06c', '#8cb83a', '#ccaf1d', '#f0a202']
Atlas.NOISE = '#8e959d'

// {plane, items: [{key, name, colour, count}], other}: `plane` holds each loaded point's key, GREY for none.
Atlas.colouring = async function (map, name) {
  const { source, words } = map
  const { meta } = source
  const points = source.points(map.projection)
  let plane, items
  if (name === 'rank' || name === 'overlap') {
    const found = await source.plane(name, map.projection)
    plane = found.plane
    const write = new Intl.NumberFormat(document.documentElement.lang)
    items = found.names.map(([low, high], i) => ({ key: i, name: low === high ? write.format(low) : `${write.format(low)}–${write.format(high)}`, colour: Atlas.STEPS[Math.round(i * 7 / Math.max(found.names.length - 1, 1))] }))
  } else if (name === 'landmark') {
    plane = new Uint8Array(points.n).fill(Atlas.GREY)
    items = meta.landmarks.map((one, i) => ({ key: i, name: map.landmark(one), colour: Atlas.PALETTE[i % 12], rows: one.rows }))
    // A token of several landmarks takes the colour of the smallest, which says most.
    for (const item of [...items].sort((a, b) => b.rows.length - a.rows.length)) for (const row of item.rows) plane[row] = item.key
  } else if (name === 'cluster') {
    plane = points.groups.cluster
    items = meta.clusters.filter((one) => one[0] === 'coarse').map((one, key) => ({ key, name: one[1].split(' · ')[0], colour: one[4] === Atlas.GREY ? Atlas.NOISE : Atlas.PALETTE[one[4]], lang: meta.language }))
  } else {
    plane = points.groups[name]
    items = meta.groups[name].map((one, key) => ({ key, name: words[`${name}:${one}`] || one, colour: key < 12 ? Atlas.PALETTE[key] : Atlas.NOISE }))
  }
  // Where only a part is loaded, counts are the map's own or none.
  const part = points.n < source.total
  const counts = new Uint32Array(256)
  for (let i = 0; i < points.n; i++) counts[plane[i]]++
  const told = name === 'cluster' ? meta.clusters.filter((one) => one[0] === 'coarse').map((one) => one[3]) : meta.counts?.[name]
  for (const item of items) item.count = item.rows ? item.rows.length : part ? told?.[item.key] ?? null : counts[item.key]
  return { name, plane, items: items.filter((item) => item.count !== 0), none: part ? 0 : counts[Atlas.GREY] }
}

// Points of one colour together, the grey ones below and those filtered out at the bottom. `only` is the set of chosen keys, empty for all.
Atlas.layers = function (points, colouring, only) {
  const colour = new Array(256).fill(Atlas.NOISE)
  for (const item of colouring.items) colour[item.key] = item.colour
  const buckets = new Map()
  const hidden = only.size ? new Uint8Array(points.n) : null
  const within = only.size && colouring.items.some((item) => item.rows) ? new Map() : null // row → its one colour among those chosen
  if (within) for (const item of colouring.items) if (only.has(item.key)) for (const row of item.rows) within.set(row, item.key)
  for (let i = 0; i < points.n; i++) {
    const key = within?.get(i) ?? colouring.plane[i]
    if (hidden && !only.has(key)) hidden[i] = 1
    const name = hidden?.[i] ? 'out' : colour[key]
    if (!buckets.has(name)) buckets.set(name, [])
    buckets.get(name).push(i)
  }
  const first = (name) => (name === 'out' ? 0 : name === Atlas.NOISE ? 1 : 2)
  const names = [...buckets.keys()].sort((a, b) => first(a) - first(b))
  const layers = names.map((name) => {
    const index = Uint32Array.from(buckets.get(name))
    return { colour: name === 'out' ? Atlas.NOISE : name, opacity: name === 'out' ? 0.12 : name === Atlas.NOISE ? 0.45 : 0.78, index }
  })
  return { layers, hidden }
}

// Where the points of each layer are. Places within tiles are finer than 32 bits hold.
Atlas.located = function (layers, x, y) {
  const Numbers = x instanceof Float64Array ? Float64Array : Float32Array
  return layers.map((layer) => ({ ...layer, x: Numbers.from(layer.index, (i) => x[i]), y: Numbers.from(layer.index, (i) => y[i]) }))
}

Atlas.legend = function (stage, map) {
  const row = stage.querySelector('.legend')
  const make = Atlas.element
  return function show(colouring) {
    row.replaceChildren()
    row.hidden = false
    const list = make('ul', { 'aria-label': map.words.legend })
    for (const item of colouring.items) {
      const on = map.only.has(item.key)
      const button = make('button', { type: 'button', 'aria-pressed': String(on), ...(item.lang ? { lang: item.lang } : {}), onclick: () => map.filter(item.key) }, Atlas.swatch(item.colour), make('bdi', {}, item.name), item.count === null ? null : make('small', {}, map.number(item.count)))
      button.dataset.key = item.key
      list.append(make('li', {}, button))
    }
    if (colouring.none) list.append(make('li', {}, make('span', { class: 'none' }, Atlas.swatch(Atlas.NOISE), colouring.name === 'cluster' ? map.words.noise : map.words.none, make('small', {}, map.number(colouring.none)))))
    row.append(list)
    const all = make('button', { type: 'button', class: 'all', onclick: () => map.filter(null) }, map.words.all)
    all.hidden = !map.only.size
    row.append(all)
  }
}

Atlas.swatch = function (colour) {
  const space = 'http://www.w3.org/2000/svg'
  const dot = document.createElementNS(space, 'svg')
  for (const [name, value] of Object.entries({ viewBox: '0 0 8 8', width: '10', height: '10', class: 'dot', 'aria-hidden': 'true' })) dot.setAttribute(name, value)
  const circle = document.createElementNS(space, 'circle')
  for (const [name, value] of Object.entries({ cx: '4', cy: '4', r: '4', fill: colour })) circle.setAttribute(name, value)
  dot.append(circle)
  return dot
}
