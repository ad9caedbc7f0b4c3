// Drawing the points: at once on a plain canvas, so that the map lives before the runtime is there; then by Plotly's scattergl, which
// stays fast with many; and again on the canvas where there is no WebGL or its context is lost. Both take the same *layers*:
// {colour, opacity, index, x, y}, one a colour, in units of the frame.
Atlas.runtime = (url) => (Atlas.loading ??= new Promise((done, failed) => {
  const script = document.createElement('script')
  script.addEventListener('load', done)
  script.addEventListener('error', () => failed(new Error(`${url} did not load`)))
  script.src = url
  document.head.append(script)
}))

Atlas.scene = function (plot, plain, box) {
  let layers = []
  let dot = 3
  let view = null
  let gl = false
  let width = 0
  let height = 0
  const ranges = (v) => {
    const high = v.span * box.clientHeight / Math.max(box.clientWidth, 1)
    return { 'xaxis.range': [v.x - v.span / 2, v.x + v.span / 2], 'yaxis.range': [v.y - high / 2, v.y + high / 2] }
  }
  const traces = () => layers.map((layer) => ({
    type: 'scattergl', mode: 'markers', hoverinfo: 'skip', showlegend: false, x: layer.x, y: layer.y,
    marker: { size: dot, color: layer.colour, opacity: layer.opacity, line: { width: 0 } },
  }))
  const layout = () => {
    const axis = { visible: false, fixedrange: true, autorange: false }
    const at = ranges(view)
    return {
      margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: false, dragmode: false, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
      width, height, xaxis: { ...axis, range: at['xaxis.range'] }, yaxis: { ...axis, range: at['yaxis.range'] },
    }
  }
  const measure = () => { [width, height] = [box.clientWidth, box.clientHeight] }
  const paint = () => {
    const ratio = window.devicePixelRatio || 1
    const [w, h] = [box.clientWidth, box.clientHeight]
    if (plain.width !== Math.round(w * ratio) || plain.height !== Math.round(h * ratio)) { plain.width = Math.round(w * ratio); plain.height = Math.round(h * ratio) }
    const pen = plain.getContext('2d')
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, w, h)
    Atlas.dots(pen, layers, view, w, h, dot)
  }
  const leave = () => {
    gl = false
    try { Plotly.purge(plot) } catch { /* nothing of it is left */ }
    plot.hidden = true
    plain.hidden = false
    paint()
  }
  return {
    get layers() { return layers },
    get dot() { return dot },
    // Resolves to whether WebGL draws from now on; `lost` is called if it stops to.
    async upgrade(url, lost) {
      try {
        await Atlas.runtime(url)
        await new Promise((done) => setTimeout(done)) // a frame for what is waiting, since the next step takes long
        measure()
        const with_ = layers
        plot.hidden = false
        await Plotly.newPlot(plot, traces(), layout(), { staticPlot: true, displayModeBar: false, showSendToCloud: false, displaylogo: false, responsive: false })
        if (plot.querySelector('.no-webgl')) throw new Error('no WebGL')
        gl = true
        if (layers !== with_) await Plotly.react(plot, traces(), layout())
        else Plotly.relayout(plot, ranges(view))
      } catch (problem) {
        console.info('drawn without WebGL:', problem.message)
        leave()
        return false
      }
      for (const canvas of plot.querySelectorAll('canvas')) canvas.addEventListener('webglcontextlost', (event) => { event.preventDefault(); if (gl) { leave(); lost() } })
      plain.hidden = true
      return true
    },
    async set(next, size, at) {
      const before = layers
      layers = next
      dot = size
      view = at
      if (!gl) { plain.hidden = false; return paint() }
      // Coordinates alone may have changed, as in a change of projection: then the traces stay.
      if (next.length === before.length && next.every((layer, i) => layer.colour === before[i].colour && layer.opacity === before[i].opacity)) {
        return Plotly.update(plot, { x: layers.map((layer) => layer.x), y: layers.map((layer) => layer.y), 'marker.size': size }, ranges(at))
      }
      return Plotly.react(plot, traces(), layout())
    },
    view(at) {
      view = at
      if (!gl) return layers.length ? paint() : undefined
      const change = ranges(at)
      if (box.clientWidth !== width || box.clientHeight !== height) {
        measure()
        Object.assign(change, { width, height })
      }
      Plotly.relayout(plot, change)
    },
    size(next) {
      if (next === dot) return
      dot = next
      if (gl) Plotly.restyle(plot, { 'marker.size': dot })
      else if (layers.length) paint()
    },
  }
}

// Dots of the layers in a view onto a canvas's pen; also the saved picture's.
Atlas.dots = function (pen, layers, view, w, h, size) {
  const scale = w / view.span
  const [left, top] = [view.x - view.span / 2, view.y + view.span * h / w / 2]
  for (const layer of layers) {
    pen.fillStyle = layer.colour
    pen.globalAlpha = layer.opacity
    const { x, y } = layer
    const r = size / 2
    for (let i = 0; i < x.length; i++) {
      const px = (x[i] - left) * scale
      const py = (top - y[i]) * scale
      if (px < -r || py < -r || px > w + r || py > h + r) continue
      if (size < 3) pen.fillRect(px - r, py - r, size, size)
      else { pen.beginPath(); pen.arc(px, py, r, 0, 6.2832); pen.fill() }
    }
  }
  pen.globalAlpha = 1
}
