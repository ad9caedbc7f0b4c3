// What the page says of a chosen token, of chosen tokens, and of what is in view.
Atlas.words = function (stage) {
  const found = {}
  for (const node of stage.querySelector('template.words').content.querySelectorAll('[data-name]')) found[node.dataset.name] = node.textContent
  return found
}

// A sentence with its gaps filled: `%(k)s` as in the catalogues.
Atlas.fill = (sentence, values) => sentence.replace(/%\((\w+)\)s/g, (_, name) => values[name])

Atlas.element = function (tag, attributes, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'onclick') node.addEventListener('click', value)
    else node.setAttribute(name, value)
  }
  node.append(...children.filter((child) => child !== null && child !== undefined))
  return node
}

// The token panel. `selected` is {row, at, text, facts, near: [{row, text, similarity, kept, at}]} or null; facts come after the rest.
Atlas.panel = function (stage, map) {
  const box = stage.querySelector('.panel')
  const { words } = map
  const { meta } = map.source
  const make = Atlas.element
  const language = meta.language
  return function show(selected) {
    const inside = box.contains(document.activeElement)
    box.hidden = !selected
    box.replaceChildren()
    if (!selected) { if (inside) stage.querySelector('.canvas').focus({ preventScroll: true }); return }
    const { facts } = selected
    box.append(make('button', { type: 'button', class: 'close-panel', 'aria-label': words.close, title: words.close, onclick: () => map.select(null) }, '×'))
    const head = make('h2', { lang: language, dir: 'auto', tabindex: '-1' }, selected.text ?? '…')
    box.append(head)
    if (!facts) { box.append(make('p', { class: 'meta' }, words.loading)); return }
    const sort = ['kind', 'script', 'pos'].map((what) => selected.groups?.[what]).filter(Boolean)
    const spoken = facts.reading && facts.reading !== selected.text ? make('span', { class: 'reading', lang: 'ja' }, facts.reading) : null
    box.append(make('p', { class: 'meta' }, spoken, sort.join(' · ')))
    const list = make('dl', {})
    const fact = (name, ...value) => list.append(make('dt', {}, name), make('dd', {}, ...value))
    fact(words.id, String(facts.id))
    fact(words.rank, Atlas.fill(words.of, { part: map.number(facts.rank), whole: map.number(map.source.total) }))
    const cluster = meta.clusters.filter((one) => one[0] === 'fine')[facts.fine]
    fact(words.cluster, cluster ? make('a', { href: `${stage.dataset.clusters}${cluster[2]}/`, lang: language, ...(document.body.classList.contains('embed') ? { target: '_top' } : {}) }, cluster[1]) : words.noise)
    box.append(list)
    box.append(make('h3', {}, words.near))
    const near = make('ol', { lang: language })
    for (const other of selected.near) {
      const bar = make('meter', { min: '0', max: '1', value: other.similarity.toFixed(2), 'aria-hidden': 'true' })
      near.append(make('li', other.kept ? { class: 'kept' } : {}, make('button', { type: 'button', onclick: () => map.select(other.row, true) }, make('bdi', {}, other.text ?? '…'), other.kept ? make('span', { class: 'unseen', lang: document.documentElement.lang }, ` (${words.here})`) : null), bar, make('small', {}, other.similarity.toFixed(2))))
    }
    box.append(near)
    const kept = selected.near.filter((other) => other.kept).length
    box.append(make('p', { class: 'key' }, Atlas.fill(words.kept, { kept, shown: selected.near.length })))
    const overlap = facts.overlap[map.projection]
    if (overlap !== undefined) box.append(make('p', { class: 'key' }, Atlas.fill(words.faith, { n: overlap, k: meta.k, mean: stage.dataset[`mean${map.projection}`] || '' })))
    if (inside) head.focus({ preventScroll: true })
  }
}

// Chosen tokens: how many, which, as a list to copy or to download.
Atlas.chosen = function (stage, map) {
  const box = stage.querySelector('.chosen')
  const { words } = map
  const { meta } = map.source
  const make = Atlas.element
  const LISTED = 500
  return function show(rows) {
    box.hidden = !rows
    box.replaceChildren()
    if (!rows) return
    const bar = make('div', { class: 'bar' }, make('h2', {}, Atlas.fill(words.count, { n: map.number(rows.length) })))
    const button = (name, act) => make('button', { type: 'button', onclick: act }, words[name])
    if (rows.length) {
      bar.append(button('copy', async () => {
        await map.source.texts(rows)
        await Atlas.copy(rows.map((row) => map.source.text(row)).join('\n'))
        map.say(words.copied)
      }))
      bar.append(button('csv', () => map.csv(rows)))
    }
    bar.append(button('clear', () => map.choose(null)))
    box.append(bar)
    const list = make('ul', { class: 'tokens-list', lang: meta.language })
    for (const row of rows.slice(0, LISTED)) list.append(make('li', {}, make('button', { type: 'button', onclick: () => map.select(row, true) }, make('bdi', {}, map.source.text(row) ?? '…'))))
    box.append(list)
    if (rows.length > LISTED) box.append(make('p', { class: 'meta' }, Atlas.fill(words.more, { n: map.number(rows.length - LISTED) })))
  }
}

// Whether a text came into the clipboard. In a modal dialog only what stands within it can be selected, so the help for the old way of
// copying stands in `place`.
Atlas.copy = async function (text, place = document.body) {
  try { await navigator.clipboard.writeText(text); return true } catch { /* refused in most frames */ }
  const area = Atlas.element('textarea', { class: 'unseen', 'aria-hidden': 'true' })
  area.value = text
  place.append(area)
  area.select()
  const copied = document.execCommand('copy')
  area.remove()
  return copied
}

Atlas.save = function (blob, name) {
  const link = Atlas.element('a', { href: URL.createObjectURL(blob), download: name })
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

// The table of what is in view: names of clusters, then the tokens whose labels show first.
Atlas.inview = function (stage, map) {
  const box = stage.querySelector('.inview')
  const body = box.querySelector('tbody')
  const make = Atlas.element
  const { meta } = map.source
  box.addEventListener('toggle', () => map.list())
  return function show(found) {
    if (!box.open) return
    const names = found.names.map((one) => make('tr', {}, make('th', { scope: 'row', lang: meta.language }, make('a', { href: `${stage.dataset.clusters}${one.slug}/` }, one.name)), make('td', {}, map.words.cluster), make('td', { class: 'n' }, map.number(one.size))))
    const tokens = [...found.tokens].sort((a, b) => a.zoom - b.zoom).slice(0, 60).map((one) => make('tr', {}, make('th', { scope: 'row', lang: meta.language }, make('button', { type: 'button', onclick: () => map.select(one.row, false) }, make('bdi', {}, one.text))), make('td', {}, map.kindOf(one.i)), make('td', {}, '')))
    body.replaceChildren(...names, ...tokens)
  }
}
