// The view of a map, and how hands move it: drag, wheel, pinch, keys; flights follow van Wijk & Nuij 2003, "Smooth and efficient
// zooming and panning". A view is {x, y, span}: its middle and its width, in units of the frame.
Atlas.still = () => {
  const chosen = document.documentElement.dataset.motion
  return chosen ? chosen === 'reduced' : matchMedia('(prefers-reduced-motion: reduce)').matches
}

// The way from one view to another: a function of 0..1, and its length. `rho` trades zooming against panning.
Atlas.path = function (from, to, rho = 1.4) {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const far = Math.hypot(dx, dy)
  if (far < 1e-6 * Math.max(from.span, to.span)) {
    const rate = Math.log(to.span / from.span)
    return { length: Math.abs(rate) / rho, at: (t) => ({ x: to.x, y: to.y, span: from.span * Math.exp(t * rate) }) }
  }
  const r2 = rho * rho
  const b = (end) => {
    const w = end ? to.span : from.span
    return (to.span ** 2 - from.span ** 2 + (end ? -1 : 1) * r2 * r2 * far * far) / (2 * w * r2 * far)
  }
  const r = (end) => { const value = b(end); return Math.log(Math.sqrt(value * value + 1) - value) }
  const r0 = r(0)
  const length = (r(1) - r0) / rho
  return {
    length,
    at(t) {
      const s = rho * t * length + r0
      const u = from.span / (r2 * far) * (Math.cosh(r0) * Math.tanh(s) - Math.sinh(r0))
      return { x: from.x + u * dx, y: from.y + u * dy, span: from.span * Math.cosh(r0) / Math.cosh(s) }
    },
  }
}

// `box` is the element that hands move on; `whole` gives the view of the whole map, `least` the narrowest; `seen` is called at every
// frame in which the view changed and `rest` when it came to rest. Where `shy`, wheel and fingers belong to the page around the map
// until the reader clicks into it, or holds Ctrl.
Atlas.camera = function (box, { whole, least, seen, rest, tap, shy }) {
  let view = whole()
  let flight = 0
  let frame = 0
  let resting = 0
  let awake = !shy
  const limit = ({ x, y, span }) => {
    const most = whole()
    const width = Math.min(Math.max(span, least), most.span * 1.6)
    const inside = (value, middle) => Math.min(Math.max(value, middle - most.span * 0.75), middle + most.span * 0.75)
    return { x: inside(x, most.x), y: inside(y, most.y), span: width }
  }
  const show = (next) => {
    view = limit(next)
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; seen(view) })
    clearTimeout(resting)
    resting = setTimeout(() => rest(view), 160)
  }
  const stop = () => { cancelAnimationFrame(flight); flight = 0 }
  const set = (next) => { stop(); show(next) }
  const fly = (next, least_ms = 350) => {
    stop()
    const target = limit(next)
    if (Atlas.still()) return show(target)
    const path = Atlas.path(view, target)
    const ms = Math.min(Math.max(path.length * 420, least_ms), 1600)
    const start = performance.now()
    const step = (now) => {
      const part = Math.min(Math.max((now - start) / ms, 0), 1)
      const eased = part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) ** 2
      show(part === 1 ? target : path.at(eased))
      flight = part < 1 ? requestAnimationFrame(step) : 0
    }
    flight = requestAnimationFrame(step)
  }
  const unit = () => view.span / box.clientWidth
  const place = (event) => { const at = box.getBoundingClientRect(); return [event.clientX - at.left, event.clientY - at.top] }
  const spot = ([px, py]) => ({ x: view.x + (px - box.clientWidth / 2) * unit(), y: view.y - (py - box.clientHeight / 2) * unit() })
  // The view zoomed by a factor so that what is under a pixel stays there.
  const zoomed = (factor, pixel) => {
    const here = spot(pixel)
    const to = limit({ ...view, span: view.span * factor })
    const real = to.span / view.span
    return { x: here.x + (view.x - here.x) * real, y: here.y + (view.y - here.y) * real, span: to.span }
  }
  const zoom = (factor) => fly(zoomed(factor, [box.clientWidth / 2, box.clientHeight / 2]), 200)

  const wake = (on) => {
    awake = on || !shy
    box.classList.toggle('awake', awake)
    box.style.touchAction = awake ? 'none' : 'pan-x pan-y'
  }
  wake(awake)
  if (shy) document.addEventListener('pointerdown', (event) => { if (!box.contains(event.target)) wake(false) })
  box.addEventListener('wheel', (event) => {
    if (!awake && !event.ctrlKey) return
    event.preventDefault()
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1)
    set(zoomed(2 ** (Math.max(-240, Math.min(240, pixels)) * (event.ctrlKey ? 0.008 : 0.0028)), place(event)))
  }, { passive: false })

  const fingers = new Map()
  let moved = 0
  let pinch = null
  let last = { time: 0, x: 0, y: 0 }
  const spread = () => { const [a, b] = [...fingers.values()]; return { gap: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] } }
  const camera = {
    get view() { return view }, set, fly, zoom, spot, unit, wake, place, whole: () => fly(whole()),
    hold: null, // what takes over one-finger drags: the lasso
  }
  box.addEventListener('pointerdown', (event) => {
    if (event.button || event.target.closest('button, a, input, select')) return
    stop()
    fingers.set(event.pointerId, place(event))
    if (camera.hold?.(event)) return
    if (fingers.size === 1) moved = 0
    pinch = fingers.size === 2 ? spread() : null
    if (awake || event.pointerType === 'mouse') try { box.setPointerCapture(event.pointerId) } catch { /* a pointer that is gone */ }
  })
  box.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId)
    if (!before || camera.holding) return
    const now = place(event)
    moved += Math.hypot(now[0] - before[0], now[1] - before[1])
    fingers.set(event.pointerId, now)
    if (pinch && fingers.size === 2) {
      const next = spread()
      const to = zoomed(pinch.gap / Math.max(next.gap, 1), pinch.middle)
      const width = to.span / box.clientWidth
      set({ ...to, x: to.x - (next.middle[0] - pinch.middle[0]) * width, y: to.y + (next.middle[1] - pinch.middle[1]) * width })
      pinch = next
    } else if (fingers.size === 1 && moved > 4 && (awake || event.pointerType === 'mouse')) {
      box.classList.add('dragging')
      set({ ...view, x: view.x - (now[0] - before[0]) * unit(), y: view.y + (now[1] - before[1]) * unit() })
    }
  })
  const lift = (event) => {
    const one = fingers.get(event.pointerId)
    fingers.delete(event.pointerId)
    pinch = null
    box.classList.remove('dragging')
    if (!one || camera.holding || event.type === 'pointercancel' || fingers.size || moved > (event.pointerType === 'mouse' ? 4 : 10)) return
    wake(true)
    const twice = event.timeStamp - last.time < 320 && Math.hypot(one[0] - last.x, one[1] - last.y) < 24
    last = { time: twice ? 0 : event.timeStamp, x: one[0], y: one[1] }
    if (twice) fly(zoomed(event.shiftKey ? 2 : 0.5, one), 250)
    else tap(one, event.pointerType)
  }
  box.addEventListener('pointerup', lift)
  box.addEventListener('pointercancel', lift)

  box.addEventListener('keydown', (event) => {
    if (event.target !== box || event.altKey || event.ctrlKey || event.metaKey) return
    const step = view.span * (event.shiftKey ? 0.5 : 0.15)
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key]
    if (moves) fly({ ...view, x: view.x + moves[0], y: view.y + moves[1] }, 150)
    else if (event.key === '+' || event.key === '=') zoom(1 / 1.6)
    else if (event.key === '-' || event.key === '_') zoom(1.6)
    else if (event.key === '0' || event.key === 'Home') fly(whole())
    else if (event.key === 'Enter' || event.key === ' ') tap([box.clientWidth / 2, box.clientHeight / 2], 'key')
    else return
    event.preventDefault()
  })
  return camera
}
