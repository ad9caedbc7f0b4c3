// Labels on a canvas above the map. Which label shows at which zoom was decided at build time (atlas/stages/label.py), so
// here is only a filter: in view, and zoomed in far enough. `half` is the zoom in half-octaves, 0 for the whole map.
Atlas.drawLabels = function (canvas, state) {
  const { data, layout, axes, half, colours, selected } = state
  const ratio = window.devicePixelRatio || 1
  const width = canvas.clientWidth
  const height = canvas.clientHeight
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  const pen = canvas.getContext('2d')
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, width, height)
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.lineJoin = 'round'
  const style = getComputedStyle(canvas)
  const ink = style.color
  const halo = style.getPropertyValue('--halo')
  const soft = style.getPropertyValue('--soft')
  const at = (x, y) => [axes.x(x), axes.y(y)]
  const write = (text, x, y, font, fill, edge) => {
    pen.font = font
    pen.lineWidth = edge
    pen.strokeStyle = halo
    pen.fillStyle = fill
    pen.strokeText(text, x, y)
    pen.fillText(text, x, y)
  }
  if (selected && selected.near) {
    const from = at(layout.x[selected.row], layout.y[selected.row])
    pen.strokeStyle = ink
    pen.globalAlpha = 0.55
    for (const [row] of selected.near) {
      pen.lineWidth = 1.2
      pen.beginPath()
      pen.moveTo(...from)
      pen.lineTo(...at(layout.x[row], layout.y[row]))
      pen.stroke()
    }
    pen.globalAlpha = 1
  }
  const inside = (x, y) => x > -60 && x < width + 60 && y > -10 && y < height + 10
  let shown = 0
  if (data.texts) {
    const left = axes.back(-60)
    const right = axes.back(width + 60)
    const family = style.fontFamily
    for (let i = 0; i < data.n && shown < 1500; i++) {
      if (layout.zoom[i] > half || layout.x[i] < left || layout.x[i] > right) continue
      const [x, y] = at(layout.x[i], layout.y[i])
      if (!inside(x, y)) continue
      shown++
      write(data.texts[i], x, y - 7, `12px ${family}`, half > 7 ? ink : soft, 3)
    }
  }
  const family = style.fontFamily
  for (const [level, name, , , colour, where] of data.meta.clusters) {
    const [zoom, qx, qy] = where[state.projection]
    if (zoom > half || half > data.meta.until[level]) continue
    const [x, y] = at(qx, qy)
    if (!inside(x, y)) continue
    const short = level === 'coarse' ? name.split(' · ')[0] : name
    write(short, x, y - 8, `600 ${level === 'coarse' ? 15 : 13}px ${family}`, colour === Atlas.GREY ? ink : Atlas.deepen(colours[colour], ink), 4)
  }
  if (selected && data.texts) {
    for (const row of [...(selected.near || []).map((pair) => pair[0]).reverse(), selected.row]) {
      const [x, y] = at(layout.x[row], layout.y[row])
      pen.beginPath()
      pen.arc(x, y, row === selected.row ? 5 : 3.5, 0, 7)
      pen.fillStyle = ink
      pen.fill()
      if (inside(x, y)) write(data.texts[row], x, y - 13, `${row === selected.row ? '700 16' : '600 13'}px ${family}`, ink, 4)
    }
  }
}

// A colour moved half way to the ink, so that text in it can be read on the paper.
Atlas.deepen = function (colour, ink) {
  const part = (text) => (text.startsWith('#') ? [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)) : text.match(/[\d.]+/g).slice(0, 3).map(Number))
  const [a, b] = [part(colour), part(ink)]
  return `rgb(${a.map((value, i) => Math.round(0.5 * value + 0.5 * b[i])).join(' ')})`
}
