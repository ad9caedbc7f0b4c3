// The present view as a picture: what is on the screen, labels and all, with the map's title and address below.
Atlas.picture = async function (format, { stage, layers, view, width, height, dot, found, style, title }) {
  const foot = 26
  const address = location.href.split('#')[0]
  if (format === 'png') {
    const canvas = document.createElement('canvas')
    canvas.width = width * 2
    canvas.height = (height + foot) * 2
    const pen = canvas.getContext('2d')
    pen.setTransform(2, 0, 0, 2, 0, 0)
    pen.fillStyle = style.halo
    pen.fillRect(0, 0, width, height + foot)
    pen.save()
    pen.beginPath()
    pen.rect(0, 0, width, height)
    pen.clip()
    Atlas.dots(pen, layers, view, width, height, dot)
    Atlas.drawLabels(pen, found, style)
    pen.restore()
    pen.font = `12px ${style.family}`
    pen.textBaseline = 'middle'
    pen.fillStyle = style.ink
    pen.textAlign = 'left'
    pen.fillText(title, 10, height + foot / 2, width - 20)
    const room = width - 40 - pen.measureText(title).width
    pen.fillStyle = style.soft
    pen.textAlign = 'right'
    if (room > 80) pen.fillText(address, width - 10, height + foot / 2, room)
    return new Promise((done) => canvas.toBlob(done, 'image/png'))
  }
  const safe = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign])
  const short = (value) => String(Math.round(value * 10) / 10)
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + foot}" width="${width}" height="${height + foot}" font-family="${safe(style.family)}">`, `<title>${safe(title)}</title>`, `<rect width="100%" height="100%" fill="${style.halo}"/>`]
  const scale = width / view.span
  const [left, top] = [view.x - view.span / 2, view.y + view.span * height / width / 2]
  for (const layer of layers) {
    let path = ''
    for (let i = 0; i < layer.x.length; i++) {
      const [px, py] = [(layer.x[i] - left) * scale, (top - layer.y[i]) * scale]
      if (px >= 0 && py >= 0 && px <= width && py <= height) path += `M${short(px)} ${short(py)}h0`
    }
    if (path) parts.push(`<path d="${path}" stroke="${layer.colour}" stroke-width="${dot}" stroke-linecap="round" opacity="${layer.opacity}"/>`)
  }
  const text = (one, size, weight, fill) => parts.push(`<text x="${short(one.px)}" y="${short(one.py + size * 0.35)}" font-size="${size}" font-weight="${weight}" text-anchor="middle" fill="${fill}" stroke="${style.halo}" stroke-width="3" stroke-linejoin="round" paint-order="stroke">${safe(one.text)}</text>`)
  for (const one of found.tokens) text(one, 12, 400, style.deep ? style.ink : style.soft)
  for (const one of found.names) text(one, one.level === 'coarse' ? 15 : 13, 600, one.colour ? Atlas.deepen(one.colour, style.ink) : style.ink)
  for (const [ax, ay, bx, by, kept] of found.lines) parts.push(`<path d="M${short(ax)} ${short(ay)}L${short(bx)} ${short(by)}" stroke="${style.ink}" stroke-width="${kept ? 1.8 : 1.1}"${kept ? '' : ' stroke-dasharray="4 3"'} opacity=".6"/>`)
  for (const one of found.marks) {
    parts.push(`<circle cx="${short(one.px)}" cy="${short(one.py)}" r="${one.dot}" fill="${one.ring ? 'none' : style.ink}" stroke="${style.ink}"/>`)
    if (one.text) text({ ...one, px: one.tx, py: one.ty }, one.size, one.weight, style.ink)
  }
  parts.push(`<rect y="${height}" width="${width}" height="${foot}" fill="${style.halo}"/><text x="10" y="${height + 17}" font-size="12" fill="${style.ink}">${safe(title)}</text><text x="${width - 10}" y="${height + 17}" font-size="12" text-anchor="end" fill="${style.soft}">${safe(address)}</text></svg>`)
  return new Blob([parts.join('\n')], { type: 'image/svg+xml' })
}
