// Choosing tokens with a lasso (drag), or a box (Shift and drag): which loaded points lie within.
Atlas.inside = function (path, x, y) {
  let within = false
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [a, b] = [path[i], path[j]]
    if ((a.y > y) !== (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x) within = !within
  }
  return within
}

// Rows within a closed path, or within the box that the path spans.
Atlas.within = function (points, path, hidden, boxed) {
  const [left, right] = [Math.min(...path.map((at) => at.x)), Math.max(...path.map((at) => at.x))]
  const [low, high] = [Math.min(...path.map((at) => at.y)), Math.max(...path.map((at) => at.y))]
  const found = []
  for (let i = 0; i < points.n; i++) {
    const [x, y] = [points.x[i], points.y[i]]
    if (hidden?.[i] || x < left || x > right || y < low || y > high) continue
    if (boxed || Atlas.inside(path, x, y)) found.push(points.rows ? points.rows[i] : i)
  }
  return found
}

Atlas.lasso = function (stage, map, camera, box) {
  const button = stage.querySelector('button[name=lasso]')
  const state = { on: false, path: null, boxed: false }
  const set = (on) => {
    state.on = on
    button?.setAttribute('aria-pressed', String(on))
    box.classList.toggle('choosing', on)
  }
  button?.addEventListener('click', () => { set(!state.on); if (state.on) map.say(map.words.lassoing) })
  camera.hold = (event) => {
    if (!(state.on || (event.shiftKey && event.pointerType === 'mouse'))) return false
    camera.holding = true
    state.boxed = event.shiftKey
    state.path = [camera.spot(camera.place(event))]
    box.setPointerCapture(event.pointerId)
    return true
  }
  box.addEventListener('pointermove', (event) => {
    if (!state.path) return
    const at = camera.spot(camera.place(event))
    if (state.boxed) {
      const [from] = state.path
      state.path = [from, { x: at.x, y: from.y }, at, { x: from.x, y: at.y }]
    } else state.path.push(at)
    map.draw()
  })
  const end = (event) => {
    if (!state.path) return
    const { path, boxed } = state
    state.path = null
    camera.holding = false
    if (event.type === 'pointerup' && path.length > 2) { map.choose(Atlas.within(map.source.points(map.projection), path, map.hidden, boxed)); set(false) }
    map.draw()
  }
  box.addEventListener('pointerup', end)
  box.addEventListener('pointercancel', end)
  return state
}
