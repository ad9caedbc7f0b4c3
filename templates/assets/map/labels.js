// Labels on a canvas above the points. Which label shows at which zoom was decided at build time (atlas/stages/label.py), so here is
// only a filter: in view, and zoomed in far enough. `half` is the zoom in half-octaves, 0 for the whole map on a small phone. A label
// fades in over the quarter octave after its zoom, and never leaves while the reader zooms in, but for names that give way to finer ones.
Atlas.labels = function ({ meta, source, points, view, width, height, half, colours, hidden, selected, hovered, near, pins }) {
  const scale = width / view.span
  const [left, top] = [view.x - view.span / 2, view.y + view.span * height / width / 2]
  const at = (x, y) => [(x - left) * scale, (top - y) * scale]
  const inside = (px, py) => px > -80 && px < width + 80 && py > -12 && py < height + 12
  const found = { tokens: [], names: [], lines: [], marks: [] }
  const { x, y, zoom, rows, n } = points
  const marked = new Set(near ? [selected.row, ...near.map((one) => one.row)] : [])
  const faint = selected || pins?.length ? 0.45 : 1 // so that a chosen token and its neighbors, or landmarks, stand out
  for (let i = 0; i < n && found.tokens.length < 1500; i++) {
    if (zoom[i] > half || hidden?.[i] || (near && marked.has(rows ? rows[i] : i))) continue
    const [px, py] = at(x[i], y[i])
    if (!inside(px, py)) continue
    const row = rows ? rows[i] : i
    const text = source.text(row)
    if (text !== undefined) found.tokens.push({ row, i, text, px, py: py - 7, zoom: zoom[i], alpha: faint * (zoom[i] ? Math.min(1, 2 * (half - zoom[i]) + 0.15) : 1) })
  }
  for (const [level, name, slug, size, colour, where] of meta.clusters) {
    const [from, qx, qy] = where[points.projection] || [255]
    if (from > half || half > meta.until[level] + 0.5) continue
    const [px, py] = at(qx, qy)
    if (!inside(px, py)) continue
    const alpha = Math.min(from ? 2 * (half - from) + 0.15 : 1, 2 * (meta.until[level] + 0.5 - half), 1) * faint
    found.names.push({ text: level === 'coarse' ? name.split(' · ')[0] : name, name, slug, level, size, px, py: py - 8, colour: colour === Atlas.GREY ? null : colours[colour], alpha })
  }
  if (near) for (const other of near) found.lines.push([...at(...selected.at), ...at(...other.at), other.kept])
  const mark = (one, more) => {
    const [px, py] = at(...one.at)
    if (inside(px, py)) found.marks.push({ px, py, text: one.text, ...more })
  }
  if (selected?.at) mark(selected, { dot: 5, weight: 700, size: 16 })
  for (const other of near || []) mark(other, { dot: other.kept ? 4 : 3.5, ring: !other.kept, weight: 600, size: 13 })
  for (const pin of pins || []) mark(pin, { dot: 3, weight: 700, size: 13 })
  if (hovered) mark(hovered, { dot: 5, ring: true, weight: 600, size: 14 })
  Atlas.spread(found.marks)
  return found
}

// Where the names of marked points stand: above, else below, right or left of the point, wherever no name of an earlier mark is.
Atlas.spread = function (marks) {
  const taken = []
  for (const one of marks) {
    if (!one.text) continue
    const wide = [...one.text].reduce((sum, sign) => sum + (sign > '\u2e7f' ? 1 : 0.6), 0) * one.size / 2 + 3
    const high = one.size * 0.62
    const gap = one.dot + 1
    const places = [[0, -gap - high], [0, gap + high], [gap + wide, 0], [-gap - wide, 0], [gap + wide * 0.8, -gap - high * 1.6], [-gap - wide * 0.8, gap + high * 1.6]]
    const free = places.find(([dx, dy]) => taken.every((other) => Math.abs(other.x - one.px - dx) > other.wide + wide || Math.abs(other.y - one.py - dy) > other.high + high))
    if (!free) { one.text = ''; continue }
    [one.tx, one.ty] = [one.px + free[0], one.py + free[1]]
    taken.push({ x: one.tx, y: one.ty, wide, high })
  }
}

Atlas.drawLabels = function (pen, found, style) {
  const { ink, soft, halo, family, deep } = style
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.lineJoin = 'round'
  pen.strokeStyle = halo
  const write = (text, x, y, font, fill, edge, alpha) => {
    pen.globalAlpha = alpha
    pen.font = font
    pen.lineWidth = edge
    pen.strokeStyle = halo
    pen.fillStyle = fill
    pen.strokeText(text, x, y)
    pen.fillText(text, x, y)
    pen.globalAlpha = 1
  }
  const small = `12px ${family}`
  const tokenInk = deep ? ink : soft
  for (const one of found.tokens) write(one.text, one.px, one.py, small, tokenInk, 3, one.alpha)
  for (const one of found.names) write(one.text, one.px, one.py, `600 ${one.level === 'coarse' ? 15 : 13}px ${family}`, one.colour ? Atlas.deepen(one.colour, ink) : ink, 4, one.alpha)
  for (const [ax, ay, bx, by, kept] of found.lines) {
    pen.strokeStyle = ink
    pen.globalAlpha = kept ? 0.75 : 0.4
    pen.lineWidth = kept ? 1.8 : 1.1
    pen.setLineDash(kept ? [] : [4, 3])
    pen.beginPath()
    pen.moveTo(ax, ay)
    pen.lineTo(bx, by)
    pen.stroke()
  }
  pen.setLineDash([])
  pen.globalAlpha = 1
  for (const one of [...found.marks].reverse()) {
    pen.beginPath()
    pen.arc(one.px, one.py, one.dot, 0, 7)
    if (one.ring) { pen.lineWidth = 2; pen.strokeStyle = ink; pen.stroke() } else { pen.fillStyle = ink; pen.fill() }
    if (one.text) write(one.text, one.tx, one.ty, `${one.weight} ${one.size}px ${family}`, ink, 4, 1)
  }
}

// A colour moved half way to the ink, so that text in it can be read on the paper.
Atlas.deepen = function (colour, ink) {
  const part = (text) => (text.startsWith('#') ? [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16)) : text.match(/[\d.]+/g).slice(0, 3).map(Number))
  const [a, b] = [part(colour), part(ink)]
  return `rgb(${a.map((value, i) => Math.round(0.5 * value + 0.5 * b[i])).join(' ')})`
}
