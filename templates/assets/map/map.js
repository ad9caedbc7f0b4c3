// The live map: Plotly's scattergl, one trace a colour, above the poster that was there at once.
Atlas.PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8f6bc9', '#b5504b', '#7a9a01', '#2a9d9d', '#a6761d', '#e377c2']
Atlas.NOISE = '#8e959d'

Atlas.start = async function (stage) {
  const words = Atlas.words(stage)
  const trouble = (message) => { const note = stage.querySelector('.trouble'); note.textContent = message; note.hidden = false }
  let meta, data
  try {
    meta = await (await fetch(stage.dataset.meta)).json()
    data = await Atlas.load(meta, stage.dataset.base)
  } catch (problem) {
    console.warn(problem)
    return trouble(words.fetch)
  }
  const plot = stage.querySelector('.plot')
  const canvas = stage.querySelector('.labels')
  const box = stage.querySelector('.canvas')
  const tip = stage.querySelector('.tip')
  const embedded = document.body.classList.contains('embed')
  const map = { data, words, projection: meta.main, colour: 'cluster', selected: null, rows: [] }

  // The view that shows the poster's frame, which is two thirds as high as it is wide.
  const whole = () => {
    const [w, h] = [box.clientWidth, box.clientHeight]
    const [left, bottom, width] = meta.views[map.projection]
    const span = Math.max(width, width * 2 / 3 * w / h)
    const [cx, cy] = [left + width / 2, bottom + width / 3]
    return { 'xaxis.range': [cx - span / 2, cx + span / 2], 'yaxis.range': [cy - span * h / w / 2, cy + span * h / w / 2] }
  }
  const size = () => Math.min(5, Math.max(2.4, 500 / Math.sqrt(data.n))) * (box.clientWidth < 600 ? 0.8 : 1)

  const traces = () => {
    const group = data.groups[map.colour]
    const layout = data.layouts[map.projection]
    const buckets = new Map()
    for (let i = 0; i < data.n; i++) {
      const colour = group[i] === Atlas.GREY || (map.colour !== 'cluster' && group[i] > 11) ? Atlas.GREY : group[i]
      if (!buckets.has(colour)) buckets.set(colour, [])
      buckets.get(colour).push(i)
    }
    const keys = [...buckets.keys()].sort((a, b) => (b === Atlas.GREY) - (a === Atlas.GREY) || a - b)
    map.rows = keys.map((key) => buckets.get(key))
    return keys.map((key, k) => ({
      type: 'scattergl', mode: 'markers', hoverinfo: 'none', showlegend: false,
      x: Uint16Array.from(map.rows[k], (i) => layout.x[i]), y: Uint16Array.from(map.rows[k], (i) => layout.y[i]),
      marker: { size: size(), color: key === Atlas.GREY ? Atlas.NOISE : Atlas.PALETTE[key % 12], opacity: key === Atlas.GREY ? 0.45 : 0.75, line: { width: 0 } },
    }))
  }

  const legend = () => {
    const row = stage.querySelector('.legend')
    row.replaceChildren()
    row.hidden = map.colour === 'cluster'
    if (row.hidden) return
    meta.groups[map.colour].slice(0, 12).forEach((name, i) => {
      const dot = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
      dot.setAttribute('viewBox', '0 0 8 8'); dot.setAttribute('width', '10'); dot.setAttribute('height', '10'); dot.setAttribute('class', `dot c${i}`); dot.setAttribute('aria-hidden', 'true')
      const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
      for (const name of ['cx', 'cy', 'r']) circle.setAttribute(name, '4')
      dot.append(circle)
      row.append(Atlas.element('span', {}, dot, words[`${map.colour}:${name}`] || name))
    })
  }

  const first = whole()
  const axis = { visible: false, fixedrange: false }
  const layout = {
    margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: 'closest', hoverdistance: 12, dragmode: 'pan',
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', uirevision: 1,
    xaxis: { ...axis, range: first['xaxis.range'] }, yaxis: { ...axis, range: first['yaxis.range'], scaleanchor: 'x' },
  }
  plot.hidden = false
  const gd = plot
  try {
    await Plotly.newPlot(gd, traces(), layout, { displayModeBar: false, scrollZoom: !embedded, showSendToCloud: false, displaylogo: false, responsive: false, doubleClick: false })
  } catch (problem) {
    console.warn(problem)
    plot.hidden = true
    return trouble(words.webgl)
  }
  if (gd.querySelector('.no-webgl')) {
    Plotly.purge(gd)
    plot.hidden = true
    return trouble(words.webgl)
  }
  const parts = { x: () => gd._fullLayout.xaxis, y: () => gd._fullLayout.yaxis }
  const state = () => {
    const [ax, ay] = [parts.x(), parts.y()]
    const visible = Math.abs(ax.range[1] - ax.range[0])
    const scale = (65535 / visible) * (box.clientWidth / 400)
    return {
      data, layout: data.layouts[map.projection], projection: map.projection, colours: Atlas.PALETTE, selected: map.selected,
      half: Math.floor(2 * Math.log2(Math.max(scale * meta_span(), 1)) + 0.001),
      axes: { x: (v) => ax.l2p(v) + ax._offset, y: (v) => ay.l2p(v) + ay._offset, back: (p) => ax.p2l(p - ax._offset) },
    }
  }
  // Labels were placed for the layout's own extent being 400 pixels wide (atlas/stages/label.py); the frame is wider than that.
  const spans = {}
  const meta_span = () => {
    spans[map.projection] ??= (() => {
      const { x, y } = data.layouts[map.projection]
      let [a, b, c, d] = [65535, 0, 65535, 0]
      for (let i = 0; i < data.n; i++) { a = Math.min(a, x[i]); b = Math.max(b, x[i]); c = Math.min(c, y[i]); d = Math.max(d, y[i]) }
      return Math.max(b - a, d - c, 1) / 65535
    })()
    return spans[map.projection]
  }
  let waiting = 0
  const draw = () => { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; Atlas.drawLabels(canvas, state()) }) }
  map.draw = draw

  canvas.hidden = false
  for (const name of ['.controls']) stage.querySelector(name).hidden = false
  box.classList.add('live')
  for (const name of ['plotly_relayout', 'plotly_relayouting', 'plotly_afterplot']) gd.on(name, draw)
  document.addEventListener('atlas:theme', draw)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  draw()
  Atlas.texts(data).then(draw)

  const point = (event) => map.rows[event.points[0].curveNumber][event.points[0].pointNumber]
  gd.on('plotly_hover', (event) => {
    if (!data.texts) return
    const row = point(event)
    const { axes, layout: here } = state()
    tip.textContent = data.texts[row]
    tip.style.left = `${axes.x(here.x[row])}px`
    tip.style.top = `${axes.y(here.y[row])}px`
    tip.hidden = false
  })
  gd.on('plotly_unhover', () => { tip.hidden = true })
  gd.on('plotly_click', (event) => map.select(point(event)))
  gd.on('plotly_relayouting', () => { tip.hidden = true })

  const show = Atlas.panel(stage, map)
  // Which rows the layout has among the k nearest of this one.
  const close = (row) => {
    const { x, y } = data.layouts[map.projection]
    const k = Number(stage.dataset.k)
    const gaps = new Float64Array(data.n)
    for (let i = 0; i < data.n; i++) gaps[i] = (x[i] - x[row]) ** 2 + (y[i] - y[row]) ** 2
    gaps[row] = Infinity
    const edge = Float64Array.from(gaps).sort()[Math.min(k, data.n) - 1]
    const found = new Set()
    for (let i = 0; i < data.n; i++) if (gaps[i] <= edge) found.add(i)
    return found
  }
  const note = () => {
    const parts = []
    if (map.selected && data.ids) parts.push(`t=${data.ids[map.selected.row]}`)
    if (map.projection !== meta.main) parts.push(`p=${map.projection}`)
    if (map.colour !== 'cluster') parts.push(`c=${map.colour}`)
    try { history.replaceState(null, '', parts.length ? `#${parts.join('&')}` : location.pathname + location.search) } catch { /* refused in some frames */ }
  }
  map.select = async function (row, travel) {
    if (row === null) { map.selected = null; show(null); draw(); return note() }
    const mine = { row, near: null, close: new Set() }
    map.selected = mine
    if (travel) go(row)
    draw()
    try { await Promise.all([Atlas.texts(data), Atlas.details(data)]) } catch (problem) { console.warn(problem); return trouble(words.fetch) }
    if (map.selected !== mine) return
    mine.near = Atlas.near(data, row)
    mine.close = close(row)
    note()
    show(mine)
    draw()
  }
  const go = (row) => {
    const { x, y } = data.layouts[map.projection]
    const [ax, ay] = [parts.x(), parts.y()]
    const span = Math.min(Math.abs(ax.range[1] - ax.range[0]), 9000)
    const high = span * box.clientHeight / box.clientWidth
    Plotly.relayout(gd, { 'xaxis.range': [x[row] - span / 2, x[row] + span / 2], 'yaxis.range': [y[row] - high / 2, y[row] + high / 2] })
  }
  const redraw = async () => {
    await Plotly.react(gd, traces(), { ...gd.layout })
    legend()
    draw()
  }
  map.project = async function (name) {
    try { await Atlas.layout(data, name) } catch (problem) { console.warn(problem); return trouble(words.fetch) }
    map.projection = name
    const radio = stage.querySelector(`input[name=projection][value=${name}]`)
    if (radio) radio.checked = true
    await redraw()
    await Plotly.relayout(gd, whole())
    if (map.selected) { map.selected.close = close(map.selected.row); show(map.selected); draw() }
    note()
  }
  map.paint = async function (name) {
    map.colour = name
    stage.querySelector('select[name=colour]').value = name
    await redraw()
    note()
  }
  for (const radio of stage.querySelectorAll('input[name=projection]')) radio.addEventListener('change', () => map.project(radio.value))
  stage.querySelector('select[name=colour]').addEventListener('change', (event) => map.paint(event.target.value))
  stage.querySelector('button[name=home]').addEventListener('click', () => Plotly.relayout(gd, whole()))
  Atlas.search(stage, map)

  // In a frame the wheel belongs to the page around it, until the reader clicks into the map or holds Ctrl.
  if (embedded) {
    const zoom = () => { Plotly.react(gd, gd.data, gd.layout, { ...gd._context, scrollZoom: true }) }
    plot.addEventListener('pointerdown', zoom, { once: true })
    plot.addEventListener('wheel', (event) => { if (event.ctrlKey) zoom() }, { once: true, passive: true })
  }
  new ResizeObserver(() => { Plotly.Plots.resize(gd); draw() }).observe(box)
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape' && map.selected) map.select(null) })

  const wish = new URLSearchParams(location.hash.slice(1))
  if (wish.get('c') in data.groups) await map.paint(wish.get('c'))
  if (wish.get('p') in meta.projections && wish.get('p') !== meta.main) await map.project(wish.get('p'))
  if (wish.has('t')) {
    await Atlas.details(data)
    const row = data.ids.indexOf(Number(wish.get('t')))
    if (row >= 0) map.select(row, true)
  }
  stage.dataset.ready = 'true'
}

for (const stage of document.querySelectorAll('.stage')) Atlas.start(stage)
