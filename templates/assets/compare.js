// Two maps side by side: what is pointed at, chosen or looked up on one is shown on the other, and both move together.
Promise.all(Atlas.started).then(async (maps) => {
  if (maps.length !== 2 || !maps[0] || !maps[1]) return
  const [first, second] = maps
  const page = document.querySelector('.pair')
  const answer = page.dataset.pairs ? await fetch(page.dataset.pairs) : null
  if (answer && !answer.ok) return
  const pairs = answer && await answer.json() // ids on the first map, ids on the second; where there are none they are the same
  const ways = maps.map((_, side) => pairs && new Map(pairs[side].map((id, i) => [id, pairs[1 - side][i]])))
  const across = async (side, row) => {
    const [id] = await maps[side].source.ids([row])
    const other = ways[side] ? ways[side].get(id) : id
    return other === undefined ? -1 : maps[1 - side].source.rowOf(other)
  }

  const together = document.querySelector('input[name=together]')
  together.closest('p').hidden = false
  let leader = null // the map under the reader's hands; the other follows its moves, not those of a flight to a token
  for (const [side, map] of maps.entries()) {
    const other = maps[1 - side]
    let last = map.view()
    let asked = 0
    for (const kind of ['wheel', 'pointerdown', 'keydown']) {
      map.stage.addEventListener(kind, (event) => { leader = event.target.closest('.canvas, .on-map') ? map : null }, { capture: true, passive: true })
    }
    map.on('move', (view) => {
      const before = last
      last = { ...view }
      if (map !== leader || !together.checked) return
      const now = other.view()
      const span = now.span * view.span / before.span
      other.setView({ x: now.x + (view.x - before.x) / before.span * now.span, y: now.y + (view.y - before.y) / before.span * now.span, span })
    })
    map.on('hover', async (row) => {
      const mine = ++asked
      const there = row === null ? -1 : await across(side, row).catch(() => -1)
      if (mine === asked) other.point(there < 0 ? null : there)
    })
    const choose = async (row) => {
      leader = null
      const there = row === null ? -1 : await across(side, row).catch(() => -1)
      await other.select(there < 0 ? null : there, true, true)
      if (map === second) first.noted()
    }
    map.on('select', choose)
    map.on('restore', choose)
    if (map === first && map.selected) choose(map.selected.row)
  }
  // One legend for both: colours by cluster have the same keys on both maps, others may not.
  const options = [...second.stage.querySelector('select[name=colour]').options].map((option) => option.value)
  const mirror = (name) => { if (options.includes(name)) second.paint(name, name === 'cluster' ? [...first.only] : [], true) }
  first.on('paint', mirror)
  if (first.colour !== 'cluster' || first.only.size) mirror(first.colour)
  for (const link of document.querySelectorAll('a[data-token]')) {
    link.addEventListener('click', async (event) => {
      event.preventDefault()
      const row = await first.source.rowOf(Number(link.dataset.token)).catch(() => -1)
      if (row < 0) return
      page.scrollIntoView({ block: 'start', behavior: Atlas.still() ? 'auto' : 'smooth' })
      await first.select(row, true)
      first.stage.querySelector('.canvas').focus({ preventScroll: true })
    })
  }
  page.dataset.linked = 'true'
})
