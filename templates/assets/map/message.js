// A map in a frame and the page around it, by postMessage; /embedding/ tells people of it. Every origin may ask, since all that can be
// asked is to show something of a public map. Heights and links go out in two forms: our own, and WordPress's, which names a secret in the
// fragment, asks with `ready` once it listens, and follows links itself, since its sandbox lets a frame lead nowhere.
Atlas.around = (function () {
  if (window.parent === window || !document.body.classList.contains('embed')) return null
  const secret = new URLSearchParams(location.hash.replace(/^#\??/, '')).get('secret')
  const tell = (message) => window.parent.postMessage(message, '*')
  const height = () => {
    const value = Math.round(Math.min(Math.max(innerWidth * 2 / 3, 360), 800))
    tell({ type: 'atlas:height', height: value })
    if (secret) tell({ message: 'height', value, secret })
  }
  let width = innerWidth
  addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; height() } })
  addEventListener('message', ({ source, data }) => {
    if (source === window.parent && data && (data.type === 'atlas:height' || (secret && data.message === 'ready' && data.secret === secret))) height()
  })
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[target=_top]')
    if (!link || !secret) return
    event.preventDefault()
    tell({ message: 'link', value: link.href, secret })
  })
  height() // at once, so that the page around moves before the map is drawn and not after
  return { tell }
})()

Atlas.messages = function (map) {
  if (!Atlas.around) return
  const { tell } = Atlas.around
  const token = async (row) => {
    if (row === null) return null
    const [id] = await map.source.ids([row])
    return { id, text: map.source.text(row) }
  }
  map.on('select', async (row) => tell({ type: 'atlas:select', token: await token(row) }))
  map.on('view', () => tell({ type: 'atlas:view', link: map.link() }))
  addEventListener('message', async ({ source, data }) => {
    if (source !== window.parent || !data || typeof data.type !== 'string') return
    if (data.type === 'atlas:show' && Number.isInteger(data.id)) {
      const row = await map.source.rowOf(data.id)
      if (row >= 0) map.select(row, true)
    } else if (data.type === 'atlas:find' && typeof data.text === 'string') {
      const [found] = await map.source.find(data.text, 1)
      if (found) map.select(found.row, true)
    } else if (data.type === 'atlas:view' && typeof data.link === 'string' && data.link.includes('#')) {
      location.replace(data.link.slice(data.link.indexOf('#'))) // the map follows its address
    } else if (data.type === 'atlas:whole') {
      map.select(null)
      map.camera.whole()
    } else if (data.type === 'atlas:theme' && ['light', 'dark'].includes(data.theme)) {
      document.documentElement.dataset.theme = data.theme
      document.dispatchEvent(new Event('atlas:theme'))
    }
  })
  tell({ type: 'atlas:ready', map: map.source.meta.map, tokens: map.source.total })
}
