// The token panel and the search field.
Atlas.words = function (stage) {
  const found = {}
  for (const node of stage.querySelector('template.words').content.querySelectorAll('[data-name]')) found[node.dataset.name] = node.textContent
  return found
}

Atlas.element = function (tag, attributes, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'onclick') node.addEventListener('click', value)
    else node.setAttribute(name, value)
  }
  node.append(...children)
  return node
}

Atlas.panel = function (stage, map) {
  const box = stage.querySelector('.panel')
  const words = map.words
  const make = Atlas.element
  const language = map.data.meta.language
  return function show (selected) {
    box.hidden = !selected
    box.replaceChildren()
    if (!selected) return
    const { data } = map
    const row = selected.row
    const facts = [`${words.id} ${data.ids[row]}`]
    for (const what of ['kind', 'script', 'pos']) {
      const name = data.meta.groups[what][data.groups[what][row]]
      if (name) facts.push(words[`${what}:${name}`] || name)
    }
    const cluster = data.meta.clusters.filter((one) => one[0] === 'fine')[data.fine[row]]
    box.append(make('button', { type: 'button', class: 'close-panel', 'aria-label': words.close, onclick: () => map.select(null) }, '×'))
    box.append(make('h2', { lang: language, dir: 'auto' }, data.texts[row]), make('p', { class: 'meta' }, facts.join(' · ')))
    const home = make('p', {}, `${words.cluster}: `)
    home.append(cluster ? make('a', { href: `${stage.dataset.clusters}${cluster[2]}/`, lang: language }, cluster[1]) : words.noise)
    box.append(home)
    if (!selected.near) return
    box.append(make('h3', {}, words.near))
    const list = make('ol', { lang: language })
    let kept = 0
    for (const [other, similarity] of selected.near) {
      const stays = selected.close.has(other)
      kept += stays
      list.append(make('li', stays ? { class: 'kept' } : {}, make('button', { type: 'button', onclick: () => map.select(other, true) }, data.texts[other]), make('small', {}, similarity.toFixed(2))))
    }
    box.append(list, make('p', { class: 'key' }, `${kept}/${selected.near.length} ${words.kept}`))
  }
}

Atlas.search = function (stage, map) {
  const field = stage.querySelector('input[name=find]')
  const list = stage.querySelector('.found')
  let rows = []
  let chosen = -1
  const close = () => { list.hidden = true; field.setAttribute('aria-expanded', 'false'); field.removeAttribute('aria-activedescendant') }
  const mark = (index) => {
    chosen = index
    for (const [i, item] of [...list.children].entries()) item.setAttribute('aria-selected', String(i === index))
    if (index >= 0) { field.setAttribute('aria-activedescendant', `found-${index}`); list.children[index].scrollIntoView({ block: 'nearest' }) }
  }
  const go = (index) => { if (rows[index] !== undefined) { close(); map.select(rows[index], true) } }
  field.addEventListener('input', async () => {
    const texts = await Atlas.texts(map.data)
    const wanted = field.value.trim().toLowerCase()
    rows = []
    if (!wanted) return close()
    const ranks = []
    for (let i = 0; i < texts.length; i++) {
      const place = texts[i].toLowerCase().indexOf(wanted)
      if (place >= 0) ranks.push([texts[i].length === wanted.length ? -1 : place, texts[i].length, texts[i], i])
    }
    ranks.sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : 1))
    rows = ranks.slice(0, 12).map((rank) => rank[3])
    list.replaceChildren(...rows.map((row, i) => Atlas.element('li', { role: 'option', id: `found-${i}`, 'aria-selected': 'false' }, Atlas.element('bdi', {}, texts[row]), Atlas.element('small', {}, map.words[`kind:${map.data.meta.groups.kind[map.data.groups.kind[row]]}`] || ''))))
    if (!rows.length) list.append(Atlas.element('li', { role: 'option', 'aria-selected': 'false', 'aria-disabled': 'true', lang: document.documentElement.lang }, map.words.nothing))
    list.hidden = false
    field.setAttribute('aria-expanded', 'true')
    mark(rows.length ? 0 : -1)
  })
  field.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (rows.length) mark((chosen + (event.key === 'ArrowDown' ? 1 : rows.length - 1)) % rows.length)
    } else if (event.key === 'Enter') { event.preventDefault(); go(chosen) } else if (event.key === 'Escape') { close() }
  })
  list.addEventListener('pointerdown', (event) => {
    const item = event.target.closest('li')
    if (item && rows.length) { event.preventDefault(); go([...list.children].indexOf(item)) }
  })
  field.addEventListener('blur', close)
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !event.target.closest('input, select, textarea')) { event.preventDefault(); field.focus() }
  })
}
