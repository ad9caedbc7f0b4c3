// A map in a frame and the page around it, by postMessage; /embedding/ tells people of it. Every origin may ask, since all that can be
// asked is to show something of a public map. Height goes out in two forms: our own, and WordPress's, which gives a secret in the fragment.
Atlas.messages = function (map) {
  if (window.parent === window || !document.body.classList.contains('embed')) return
  const secret = new URLSearchParams(location.hash.replace(/^#\??/, '')).get('secret')
  const tell = (message) => window.parent.postMessage(message, '*')
  const token = async (row) => {
    if (row === null) return null
    const [id] = await map.source.ids([row])
    return { id, text: map.source.text(row) }
  }
  const height = () => {
    const value = Math.round(Math.min(Math.max(innerWidth * 2 / 3, 360), 800))
    tell({ type: 'atlas:height', height: value })
    if (secret) tell({ message: 'height', value, secret })
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
    } else if (data.type === 'atlas:whole') {
      map.select(null)
      map.camera.whole()
    } else if (data.type === 'atlas:theme' && ['light', 'dark'].includes(data.theme)) {
      document.documentElement.dataset.theme = data.theme
      document.dispatchEvent(new Event('atlas:theme'))
    }
  })
  let width = innerWidth
  addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; height() } })
  height()
  tell({ type: 'atlas:ready', map: map.source.meta.map, tokens: map.source.total })
}
