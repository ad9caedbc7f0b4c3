// The search field: a combobox over every token, by any part of it or by its reading.
Atlas.search = function (stage, map) {
  const field = stage.querySelector('input[name=find]')
  const list = stage.querySelector('.found')
  const make = Atlas.element
  const MOST = 12
  let found = []
  let chosen = -1
  let asked = 0
  const close = () => { asked++; list.hidden = true; field.setAttribute('aria-expanded', 'false'); field.removeAttribute('aria-activedescendant') }
  const mark = (index) => {
    chosen = index
    for (const [i, item] of [...list.children].entries()) item.setAttribute('aria-selected', String(i === index))
    if (index >= 0) { field.setAttribute('aria-activedescendant', `${list.id}-${index}`); list.children[index].scrollIntoView({ block: 'nearest' }) }
  }
  const go = (index) => { if (found[index]) { close(); map.select(found[index].row, true) } }
  const ask = async () => {
    const wanted = field.value.trim()
    found = []
    chosen = -1
    if (!wanted) return close()
    const mine = ++asked
    let answer
    try { answer = await map.source.find(wanted, MOST) } catch (problem) { console.warn(problem); return map.trouble(map.words.fetch) }
    if (mine !== asked) return
    found = answer
    const items = found.map((one, i) => {
      const extra = [one.reading && Atlas.fold(one.reading) !== Atlas.fold(one.text) ? one.reading : null, map.words[`kind:${one.kind}`]].filter(Boolean).join(' · ')
      return make('li', { role: 'option', id: `${list.id}-${i}`, 'aria-selected': 'false' }, make('bdi', {}, one.text), make('small', {}, extra))
    })
    if (!found.length) items.push(make('li', { role: 'option', 'aria-selected': 'false', 'aria-disabled': 'true', lang: document.documentElement.lang }, map.words.nothing))
    list.replaceChildren(...items)
    list.hidden = false
    field.setAttribute('aria-expanded', 'true')
    mark(found.length ? 0 : -1)
    map.say(found.length ? Atlas.fill(map.words.matches, { n: found.length === MOST ? `${MOST}+` : found.length }) : map.words.nothing)
  }
  field.addEventListener('input', ask)
  field.addEventListener('keydown', async (event) => {
    if (event.isComposing) return
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (list.hidden) await ask()
      else if (found.length) mark((chosen + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % found.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      if (list.hidden && field.value.trim()) await ask()
      go(Math.max(chosen, 0))
    } else if (event.key === 'Escape') {
      event.stopPropagation()
      if (list.hidden) field.value = ''
      close()
    }
  })
  list.addEventListener('pointerdown', (event) => {
    const item = event.target.closest('li')
    event.preventDefault()
    if (item && found.length) go([...list.children].indexOf(item))
  })
  field.addEventListener('blur', close)
  return field
}
