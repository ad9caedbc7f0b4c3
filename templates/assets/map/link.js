// The address of what a reader sees: `t` the token's id, `p` the projection, `c` the colouring, `f` what the legend leaves, and `v` the
// view as the id of the token nearest to its middle, its width in thousandths of the frame's, and how far the middle lies from that token in
// thousandths of the width. Ids hold across builds of one vocabulary, so an address means the same words after the map was made anew.
Atlas.link = {
  read(text) {
    const wish = new URLSearchParams(text.replace(/^#\??/, ''))
    const number = (value) => (value !== null && /^\d+$/.test(value) ? Number(value) : null)
    const parts = (wish.get('v') || '').split(',').map(Number)
    return {
      token: number(wish.get('t')), projection: wish.get('p'), colour: wish.get('c'),
      only: (wish.get('f') || '').split('.').map(number).filter((key) => key !== null),
      view: parts.length === 4 && parts.every(Number.isFinite) && parts[1] > 0 ? parts : null,
    }
  },
  write({ token, projection, colour, only, view }) {
    const parts = []
    if (token !== null) parts.push(`t=${token}`)
    if (projection) parts.push(`p=${projection}`)
    if (colour) parts.push(`c=${colour}`)
    if (only.length) parts.push(`f=${only.join('.')}`)
    if (view) parts.push(`v=${view.join(',')}`)
    return parts.length ? `#${parts.join('&')}` : ''
  },
  // A view as [id, width, dx, dy]; ids are asked of the source.
  async of(source, projection, view) {
    const { x, y, n, rows } = source.points(projection)
    let [best, gap] = [-1, Infinity]
    for (let i = 0; i < n; i++) {
      const far = (x[i] - view.x) ** 2 + (y[i] - view.y) ** 2
      if (far < gap) [best, gap] = [i, far]
    }
    if (best < 0) return null
    const [id] = await source.ids([rows ? rows[best] : best])
    const thousandths = (value) => Math.round(value / view.span * 1000)
    return [id, Number((view.span / Atlas.UNITS * 1000).toPrecision(4)), thousandths(view.x - x[best]), thousandths(view.y - y[best])]
  },
  async view(source, projection, [id, width, dx, dy]) {
    const row = await source.rowOf(id)
    if (row < 0) return null
    const [x, y] = await source.place(projection, row)
    const span = width / 1000 * Atlas.UNITS
    return { x: x + dx / 1000 * span, y: y + dy / 1000 * span, span }
  },
}
