// The live map above the poster that was there at once: this file ties the others together.
Atlas.start = async function (stage) {
  const words = Atlas.words(stage)
  const find = (query) => stage.querySelector(query)
  const box = find('.canvas')
  const canvas = find('.labels')
  const tip = find('.tip')
  const embedded = document.body.classList.contains('embed')
  const count = new Intl.NumberFormat(document.documentElement.lang)
  const trouble = (message) => { const note = find('.trouble'); note.textContent = message; note.hidden = false }
  let source
  try {
    const answer = await fetch(stage.dataset.meta)
    if (!answer.ok) throw new Error(`${stage.dataset.meta}: ${answer.status}`)
    const meta = await answer.json()
    source = Atlas.source(meta, stage.dataset.base)
    await source.open(meta.main)
  } catch (problem) {
    console.warn(problem)
    trouble(words.fetch)
    return null
  }
  const { meta } = source
  const heard = {}
  const map = {
    stage, words, source, trouble, projection: meta.main, colour: 'cluster', only: new Set(), selected: null, hidden: null,
    number: (value) => count.format(value),
    on: (name, act) => { (heard[name] ??= []).push(act) },
    say: (text) => { find('.said').textContent = text },
    landmark: (one) => one.title?.[document.documentElement.lang] || one.title?.en || one.name,
  }
  const emit = (name, value) => { for (const act of heard[name] || []) act(value) }
  const failed = (problem) => { console.warn(problem); trouble(words.fetch) }
  const points = () => source.points(map.projection)

  // The view that shows the poster's frame, which is two thirds as high as it is wide.
  const whole = (projection = map.projection) => {
    const [left, bottom, width] = meta.views[projection]
    return { x: left + width / 2, y: bottom + width / 3, span: Math.max(width, width * 2 / 3 * box.clientWidth / Math.max(box.clientHeight, 1)) }
  }
  // Labels were placed for the layout's own extent being 400 pixels wide (atlas/stages/label.py); the frame is wider than that.
  const extents = {}
  const half = (view) => {
    extents[map.projection] ??= meta.tiles?.extent || (() => {
      const { x, y, n } = points()
      let [a, b, c, d] = [Infinity, 0, Infinity, 0]
      for (let i = 0; i < n; i++) { a = Math.min(a, x[i]); b = Math.max(b, x[i]); c = Math.min(c, y[i]); d = Math.max(d, y[i]) }
      return Math.max(b - a, d - c, 1)
    })()
    return 2 * Math.log2(Math.max(extents[map.projection] / view.span * box.clientWidth / 400, 1)) + 0.001
  }
  const dot = (view) => {
    const base = Math.min(5, Math.max(2.4, 500 / Math.sqrt(source.total))) * (box.clientWidth < 600 ? 0.8 : 1)
    return Math.round(Math.min(10, base * (1 + 0.2 * Math.max(0, Math.log2(whole().span / view.span)))) * 2) / 2
  }

  const scene = Atlas.scene(find('.plot'), find('.plain'), box)
  let colouring = null
  let layers = []
  let layersAt = null
  let moving = 0 // the change of projection under way
  const style = () => {
    const now = getComputedStyle(canvas)
    return { ink: now.color, soft: now.getPropertyValue('--soft').trim(), halo: now.getPropertyValue('--halo').trim(), family: now.fontFamily }
  }
  const pins = () => {
    if (map.colour !== 'landmark') return []
    const { x, y } = points()
    return meta.landmarks.flatMap((one, key) => {
      if (map.only.size && !map.only.has(key)) return []
      if (map.only.size) return one.rows.map((row) => ({ at: [x[row], y[row]], text: source.text(row) || '' }))
      const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
      const [mx, my] = [middle(one.rows.map((row) => x[row])), middle(one.rows.map((row) => y[row]))]
      const [best] = [...one.rows].sort((a, b) => Math.hypot(x[a] - mx, y[a] - my) - Math.hypot(x[b] - mx, y[b] - my))
      return best === undefined ? [] : [{ at: [x[best], y[best]], text: map.landmark(one) }]
    })
  }
  const labels = (view) => Atlas.labels({
    meta, source, points: points(), view, width: box.clientWidth, height: box.clientHeight, half: half(view), colours: Atlas.PALETTE,
    hidden: map.hidden, selected: map.selected, hovered: map.hovered, near: map.selected?.near, pins: pins(),
  })
  let lasso = { path: null }
  const overlay = (view) => {
    const ratio = window.devicePixelRatio || 1
    const [w, h] = [box.clientWidth, box.clientHeight]
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) { canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio) }
    const pen = canvas.getContext('2d')
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, w, h)
    if (moving) return
    const look = style()
    map.found = labels(view)
    Atlas.drawLabels(pen, map.found, { ...look, deep: half(view) > 7 })
    if (lasso.path) {
      const scale = w / view.span
      pen.beginPath()
      for (const at of lasso.path) pen.lineTo((at.x - view.x) * scale + w / 2, (view.y - at.y) * scale + h / 2)
      pen.closePath()
      pen.strokeStyle = look.ink
      pen.lineWidth = 1.5
      pen.setLineDash([5, 4])
      pen.stroke()
      pen.setLineDash([])
      pen.globalAlpha = 0.07
      pen.fillStyle = look.ink
      pen.fill()
      pen.globalAlpha = 1
    }
  }
  let waiting = 0
  map.draw = () => { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; overlay(camera.view) }) }

  // Layers are made anew when colours or the loaded points changed, and only then.
  const paint = async () => {
    const here = points()
    const made = Atlas.layers(here, colouring, map.only)
    map.hidden = made.hidden
    layers = made.layers
    layersAt = Atlas.located(layers, here.x, here.y)
    await scene.set(layersAt, dot(camera.view), camera.view)
    map.draw()
  }
  let asked = 0
  const want = async () => {
    const mine = ++asked
    const { x, y, span } = camera.view
    const high = span * box.clientHeight / Math.max(box.clientWidth, 1)
    try {
      const changed = await source.want(map.projection, { left: x - span / 2, right: x + span / 2, bottom: y - high / 2, top: y + high / 2 }, half(camera.view))
      if (!changed || mine !== asked) return
      colouring = await Atlas.colouring(map, map.colour)
      await paint()
      await source.texts(visible())
      map.draw()
      map.list()
    } catch (problem) { if (problem.name !== 'AbortError') failed(problem) }
  }
  // Rows whose labels show in this view, for a source that loads texts by need.
  const visible = () => {
    const here = points()
    const now = half(camera.view)
    const rows = []
    const { x, y, span } = camera.view
    const high = span * box.clientHeight / Math.max(box.clientWidth, 1)
    for (let i = 0; i < here.n; i++) {
      if (here.zoom[i] <= now && Math.abs(here.x[i] - x) < span * 0.6 && Math.abs(here.y[i] - y) < high * 0.6) rows.push(here.rows ? here.rows[i] : i)
    }
    return rows
  }

  const camera = Atlas.camera(box, {
    whole, least: Atlas.UNITS / (meta.tiles ? 40000 : 500), shy: embedded,
    seen: (view) => { tip.hidden = true; map.hovered = null; scene.view(view); overlay(view); emit('move', view) },
    rest: (view) => { scene.size(dot(view)); want(); map.list(); note(false); emit('view', view) },
    tap: (pixel, kind) => {
      const row = at(pixel, kind === 'mouse' ? 12 : kind === 'key' ? box.clientWidth / 2 : 24)
      if (row !== null) map.select(row, false)
      else if (map.selected) map.select(null)
    },
  })
  map.camera = camera
  map.view = () => ({ ...camera.view })
  map.setView = (view, animate) => (animate ? camera.fly(view) : camera.set(view))
  const at = (pixel, reach) => {
    const { x, y, n, rows } = points()
    const here = camera.spot(pixel)
    const most = (reach * camera.unit()) ** 2
    let [best, gap] = [-1, most]
    for (let i = 0; i < n; i++) {
      const far = (x[i] - here.x) ** 2 + (y[i] - here.y) ** 2
      if (far < gap && !map.hidden?.[i]) [best, gap] = [i, far]
    }
    return best < 0 ? null : rows ? rows[best] : best
  }
  const index = (row) => { const { rows } = points(); return rows ? rows.indexOf(row) : row } // -1 where its tile is not in use
  map.kindOf = (i) => { const name = meta.groups.kind[points().groups.kind[i]]; return words[`kind:${name}`] || name || '' }
  const groups = (i) => Object.fromEntries(['kind', 'script', 'pos'].map((what) => {
    const name = i < 0 ? null : meta.groups[what][points().groups[what][i]]
    return [what, name ? words[`${what}:${name}`] || name : null]
  }))

  // Hovering.
  let hovering = 0
  const leave = () => { tip.hidden = true; if (map.hovered) { map.hovered = null; map.draw(); emit('hover', null) } }
  box.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'mouse' || event.buttons || lasso.path) return
    const pixel = camera.place(event)
    cancelAnimationFrame(hovering)
    hovering = requestAnimationFrame(async () => {
      const row = moving || event.target.closest('.on-map') ? null : at(pixel, 12)
      box.classList.toggle('pointed', row !== null)
      if (row === null) return leave()
      if (map.hovered?.row === row) return
      const i = index(row)
      const { x, y } = points()
      map.hovered = { row, at: [x[i], y[i]] }
      map.draw()
      emit('hover', row)
      if (source.text(row) === undefined) await source.texts([row]).catch(failed)
      if (map.hovered?.row !== row) return
      const item = colouring.items.find((one) => one.key === colouring.plane[i])
      tip.replaceChildren(Atlas.element('bdi', { lang: meta.language }, source.text(row) ?? ''), item ? Atlas.element('small', {}, Atlas.swatch(item.colour), item.name) : '')
      const { view } = camera
      const [px, py] = [(x[i] - view.x) / camera.unit() + box.clientWidth / 2, box.clientHeight / 2 - (y[i] - view.y) / camera.unit()]
      tip.hidden = false
      const room = tip.offsetWidth / 2 + 4
      tip.style.left = `${Math.min(Math.max(px, room), box.clientWidth - room)}px`
      tip.style.top = `${py}px`
      tip.classList.toggle('below', py < 60)
    })
  })
  box.addEventListener('pointerleave', () => { cancelAnimationFrame(hovering); leave() })

  // What is pointed at elsewhere: its place here, and its name.
  let pointed = 0
  map.point = async function (row) {
    const mine = ++pointed
    const at = row === null ? null : await source.place(map.projection, row).catch(() => null)
    if (mine !== pointed) return
    map.hovered = at && { row, at, text: source.text(row) }
    map.draw()
  }

  // The chosen token.
  const showPanel = Atlas.panel(stage, map)
  const place = async (selected) => {
    selected.at = await source.place(map.projection, selected.row)
    if (!selected.facts) return
    const rows = selected.facts.near.map(([row]) => row)
    const [close, places] = await Promise.all([source.kept(map.projection, selected.row, rows), Promise.all(rows.map((row) => source.place(map.projection, row)))])
    selected.near = selected.facts.near.map(([row, similarity], j) => ({ row, similarity, text: source.text(row), kept: close.has(row), at: places[j] }))
  }
  // The token comes to the middle of what the panel leaves free.
  const travelTo = ([x, y]) => {
    const span = Math.min(camera.view.span, whole().span / 9)
    const free = box.clientWidth > (embedded ? 540 : 730) ? 170 / box.clientWidth : 0
    camera.fly({ x: x + span * free, y, span })
  }
  map.select = async function (row, travel, quiet) {
    if (row === null) {
      map.selected = null
      showPanel(null)
      map.draw()
      if (!quiet) { note(true); emit('select', null) }
      return
    }
    const mine = { row, near: null, facts: null, at: null, text: source.text(row), groups: null }
    map.selected = mine
    try {
      await place(mine)
      if (map.selected !== mine) return
      if (travel) travelTo(mine.at)
      map.draw()
      await source.texts([row])
      mine.text = source.text(row)
      showPanel(mine)
      mine.facts = await source.facts(row)
      await source.texts([row, ...mine.facts.near.map(([other]) => other)])
      await place(mine)
    } catch (problem) { return failed(problem) }
    if (map.selected !== mine) return
    mine.groups = groups(index(row))
    showPanel(mine)
    map.draw()
    if (quiet) return
    note(true)
    map.say(Atlas.fill(words.selected, { token: mine.text, near: mine.near.slice(0, 5).map((other) => other.text).join(', ') }))
    emit('select', row)
  }

  // Chosen tokens.
  const showChosen = Atlas.chosen(stage, map)
  map.choose = async function (rows) {
    map.picked = rows
    if (rows) await source.texts(rows.slice(0, 500)).catch(failed)
    showChosen(rows)
    if (rows) map.say(Atlas.fill(words.count, { n: map.number(rows.length) }))
    emit('choose', rows)
  }
  map.csv = async function (rows) {
    await source.texts(rows)
    const ids = await source.ids(rows)
    const here = points()
    const coarse = meta.clusters.filter((one) => one[0] === 'coarse')
    const cell = (value) => (/[",\n]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value)
    const lines = rows.map((row, j) => {
      const i = index(row)
      const of = (what) => meta.groups[what][here.groups[what][i]] || ''
      return [String(ids[j]), source.text(row), of('kind'), of('script'), of('pos'), coarse[here.groups.cluster[i]]?.[1] || ''].map(cell).join(',')
    })
    Atlas.save(new Blob(['\ufeff', ['id,token,kind,script,pos,cluster', ...lines].join('\r\n'), '\r\n'], { type: 'text/csv' }), `${meta.map}.csv`)
  }
  const showInView = Atlas.inview(stage, map)
  map.list = () => { if (map.found) showInView(map.found) }

  // Colours and their legend.
  const showLegend = Atlas.legend(stage, map)
  map.paint = async function (name, only = [], exactly) {
    map.colour = name
    find('select[name=colour]').value = name
    try { colouring = await Atlas.colouring(map, name) } catch (problem) { return failed(problem) }
    map.only = new Set(exactly ? only : only.filter((key) => colouring.items.some((item) => item.key === key)))
    showLegend(colouring)
    await paint()
    map.list()
    note(false)
    emit('paint', name)
  }
  map.filter = async function (key) {
    const held = stage.querySelector('.legend :focus')?.dataset.key
    if (key === null) map.only.clear()
    else if (!map.only.delete(key)) map.only.add(key)
    if (map.only.size === colouring.items.length && !colouring.none) map.only.clear()
    showLegend(colouring)
    if (held !== undefined) stage.querySelector(`.legend [data-key="${held}"]`)?.focus()
    await paint()
    map.list()
    note(false)
    emit('paint', map.colour)
  }

  // Projections: the same tokens glide to their other places.
  map.project = async function (name) {
    const from = points()
    const before = { ...camera.view }
    try { await source.open(name) } catch (problem) { return failed(problem) }
    const mine = ++moving
    map.projection = name
    for (const radio of stage.querySelectorAll('input.projection')) radio.checked = radio.value === name
    const to = points()
    let target = whole()
    if (map.selected) {
      const [x, y] = await source.place(name, map.selected.row)
      target = { x, y, span: before.span / whole().span > 0.7 ? target.span : before.span }
      if (target.span === whole().span) target = whole()
    }
    if (!Atlas.still() && source.total <= 100000) {
      const start = performance.now()
      const [x, y] = [new Float32Array(to.n), new Float32Array(to.n)]
      for (let part = 0; part < 1 && mine === moving;) {
        const now = await new Promise(requestAnimationFrame)
        part = Math.min((now - start) / 900, 1)
        const t = part < 0.5 ? 4 * part ** 3 : 1 - (-2 * part + 2) ** 3 / 2
        for (let i = 0; i < to.n; i++) { x[i] = from.x[i] + (to.x[i] - from.x[i]) * t; y[i] = from.y[i] + (to.y[i] - from.y[i]) * t }
        const view = { x: before.x + (target.x - before.x) * t, y: before.y + (target.y - before.y) * t, span: before.span * (target.span / before.span) ** t }
        await scene.set(Atlas.located(layers, x, y), scene.dot, view)
        overlay(view)
      }
      if (mine !== moving) return
    }
    moving = 0
    camera.set(target)
    if (map.selected) { await place(map.selected); showPanel(map.selected) }
    if (map.colour === 'overlap') { colouring = await Atlas.colouring(map, map.colour); showLegend(colouring) }
    await paint()
    note(false)
  }

  // The address follows what is seen; choosing a token is a step that Back undoes.
  let restoring = true
  let written = Atlas.link.write(Atlas.link.read(location.hash)) // without what others put there, such as WordPress's secret
  map.state = async () => ({
    token: map.selected ? (await source.ids([map.selected.row]))[0] : null,
    projection: map.projection === meta.main ? '' : map.projection, colour: map.colour === 'cluster' ? '' : map.colour, only: [...map.only],
    view: Math.abs(Math.log(camera.view.span / whole().span)) < 0.01 && Math.hypot(camera.view.x - whole().x, camera.view.y - whole().y) < whole().span / 200 ? null : await Atlas.link.of(source, map.projection, camera.view),
  })
  let noting = 0
  const note = async (step) => {
    if (restoring || stage.dataset.quiet !== undefined) return
    const mine = step ? noting : ++noting
    const hash = Atlas.link.write(await map.state().catch(() => ({ token: null, only: [] })))
    if (!step && mine !== noting) return
    if (hash === written) return
    const token = (text) => Atlas.link.read(text).token
    try { history[step && token(hash) !== token(written) ? 'pushState' : 'replaceState'](null, '', hash || location.pathname + location.search) } catch { /* refused in some frames */ }
    written = hash
  }
  map.noted = () => note(false)
  map.link = () => location.href.split('#')[0] + written
  const restore = async (text) => {
    restoring = true
    const wish = Atlas.link.read(text)
    try {
      const projection = wish.projection in meta.projections ? wish.projection : meta.main
      if (projection !== map.projection) await map.project(projection)
      const colour = [...find('select[name=colour]').options].some((option) => option.value === wish.colour) ? wish.colour : 'cluster'
      if (colour !== map.colour || String(wish.only) !== String([...map.only])) await map.paint(colour, wish.only)
      const view = wish.view ? await Atlas.link.view(source, map.projection, wish.view) : null
      const row = wish.token === null ? -1 : await source.rowOf(wish.token)
      if (view) camera.set(view)
      else if (row < 0) camera.set(whole())
      if (row >= 0) await map.select(row, !view, true)
      else await map.select(null, false, true)
    } catch (problem) { failed(problem) }
    restoring = false
    written = Atlas.link.write(wish)
    emit('restore', map.selected?.row ?? null)
  }
  if (stage.dataset.quiet === undefined) addEventListener('popstate', () => restore(location.hash))

  map.image = (format) => Atlas.picture(format, {
    stage, layers: layersAt, view: camera.view, width: box.clientWidth, height: box.clientHeight, dot: scene.dot, found: labels(camera.view),
    style: { ...style(), deep: half(camera.view) > 7 }, title: stage.dataset.title,
  })

  // First picture, then everything that answers.
  colouring = await Atlas.colouring(map, 'cluster')
  for (const shown of [canvas, find('.controls'), find('.on-map'), find('.inview')]) shown.hidden = false
  showLegend(colouring)
  await paint()
  box.classList.add('live')
  box.tabIndex = 0
  source.texts(visible()).then(map.draw, failed)
  lasso = Atlas.lasso(stage, map, camera, box)
  const field = Atlas.search(stage, map)
  for (const radio of stage.querySelectorAll('input.projection')) radio.addEventListener('change', () => map.project(radio.value))
  find('select[name=colour]').addEventListener('change', (event) => map.paint(event.target.value))
  const press = (name, act) => find(`button[name=${name}]`)?.addEventListener('click', act)
  press('home', () => camera.whole())
  press('nearer', () => camera.zoom(1 / 1.8))
  press('farther', () => camera.zoom(1.8))
  press('all-in-view', () => {
    const [a, b] = [camera.spot([0, box.clientHeight]), camera.spot([box.clientWidth, 0])]
    map.choose(Atlas.within(points(), [a, b], map.hidden, true))
  })
  const full = find('button[name=full]')
  if (full && document.fullscreenEnabled) {
    full.hidden = false
    full.addEventListener('click', () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen()))
  }
  if (embedded) {
    const hint = find('.hint')
    let gone = 0
    box.addEventListener('wheel', (event) => {
      if (box.classList.contains('awake') || event.ctrlKey) return
      hint.hidden = false
      clearTimeout(gone)
      gone = setTimeout(() => { hint.hidden = true }, 1400)
    }, { passive: true })
  }
  document.addEventListener('atlas:theme', map.draw)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', map.draw)
  new ResizeObserver(() => { scene.view(camera.view); map.draw() }).observe(box)
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, select, textarea, dialog')
    if (event.key === 'Escape' && map.selected && !typing) map.select(null)
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && stage === document.querySelector('.stage')) { event.preventDefault(); field.focus() }
  })
  if (location.hash && stage.dataset.quiet === undefined) await restore(location.hash)
  restoring = false
  Atlas.share(map)
  Atlas.messages(map)
  want()
  stage.map = map
  stage.dataset.ready = 'true'
  const plainly = () => { stage.dataset.drawn = 'canvas'; find('.plainly').hidden = false }
  scene.upgrade(stage.dataset.runtime, plainly).then((webgl) => { if (webgl) stage.dataset.drawn = 'webgl'; else plainly() })
  return map
}

Atlas.started = [...document.querySelectorAll('.stage')].map((stage) => Atlas.start(stage))
