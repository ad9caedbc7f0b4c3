// Drawing the points: by Plotly's scattergl where there is WebGL, else on a plain canvas, so that the map lives in either case.
// Both take the same *layers*: {colour, opacity, index, x, y}, one a colour, in units of the frame.
Atlas.scene = async function (plot, plain, box, onPlain) {
  let layers = []
  let dot = 3
  let view = null
  let drawn = false
  let gl = true
  const ranges = (v) => {
    const high = v.span * box.clientHeight / Math.max(box.clientWidth, 1)
    return { 'xaxis.range': [v.x - v.span / 2, v.x + v.span / 2], 'yaxis.range': [v.y - high / 2, v.y + high / 2] }
  }
  const traces = () => layers.map((layer) => ({
    type: 'scattergl', mode: 'markers', hoverinfo: 'skip', showlegend: false, x: layer.x, y: layer.y,
    marker: { size: dot, color: layer.colour, opacity: layer.opacity, line: { width: 0 } },
  }))
  const start = async (first) => {
    const axis = { visible: false, fixedrange: true, autorange: false }
    const at = ranges(first)
    const layout = {
      margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: false, dragmode: false, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
      width: box.clientWidth, height: box.clientHeight, xaxis: { ...axis, range: at['xaxis.range'] }, yaxis: { ...axis, range: at['yaxis.range'] },
    }
    plot.hidden = false
    try {
      await Plotly.newPlot(plot, traces(), layout, { staticPlot: true, displayModeBar: false, showSendToCloud: false, displaylogo: false, responsive: false })
      if (plot.querySelector('.no-webgl')) throw new Error('no WebGL')
    } catch (problem) {
      console.info('drawn without WebGL:', problem.message)
      return onto2d()
    }
    for (const canvas of plot.querySelectorAll('canvas')) canvas.addEventListener('webglcontextlost', (event) => { event.preventDefault(); if (gl) onto2d() })
  }
  const onto2d = () => {
    gl = false
    try { Plotly.purge(plot) } catch { /* nothing of it is left */ }
    plot.hidden = true
    plain.hidden = false
    onPlain()
    paint()
  }
  const paint = () => {
    const ratio = window.devicePixelRatio || 1
    const [w, h] = [box.clientWidth, box.clientHeight]
    if (plain.width !== Math.round(w * ratio) || plain.height !== Math.round(h * ratio)) { plain.width = Math.round(w * ratio); plain.height = Math.round(h * ratio) }
    const pen = plain.getContext('2d')
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, w, h)
    Atlas.dots(pen, layers, view, w, h, dot)
  }
  let width = 0
  let height = 0
  return {
    get webgl() { return gl },
    get layers() { return layers },
    get dot() { return dot },
    async set(next, size, at) {
      const same = next.length === layers.length && drawn
      const before = layers
      layers = next
      dot = size
      view = at
      if (!gl) return paint()
      if (!drawn) { drawn = true; [width, height] = [box.clientWidth, box.clientHeight]; return start(at) }
      // Coordinates alone may have changed, as in a change of projection: then the traces stay.
      if (same && next.every((layer, i) => layer.colour === before[i].colour && layer.opacity === before[i].opacity)) {
        return Plotly.update(plot, { x: layers.map((layer) => layer.x), y: layers.map((layer) => layer.y), 'marker.size': size }, ranges(at))
      }
      const old = plot.layout
      const now = ranges(at)
      return Plotly.react(plot, traces(), { ...old, xaxis: { ...old.xaxis, range: now['xaxis.range'] }, yaxis: { ...old.yaxis, range: now['yaxis.range'] } })
    },
    view(at) {
      view = at
      if (!drawn) return
      if (!gl) return paint()
      const change = ranges(at)
      if (box.clientWidth !== width || box.clientHeight !== height) {
        [width, height] = [box.clientWidth, box.clientHeight]
        Object.assign(change, { width, height })
      }
      Plotly.relayout(plot, change)
    },
    size(next) {
      if (next === dot) return
      dot = next
      if (!drawn) return
      if (gl) Plotly.restyle(plot, { 'marker.size': dot })
      else paint()
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
