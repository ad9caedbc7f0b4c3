// The theme switch: three states would need a word each; this one turns what is shown into its opposite, and remembers.
(function () {
  'use strict'
  const root = document.documentElement
  const key = 'atlas-theme'
  let kept = null
  try { kept = localStorage.getItem(key) } catch { /* storage is refused in sandboxed frames */ }
  if (kept === 'light' || kept === 'dark') root.dataset.theme = kept
  const dark = () => root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  document.addEventListener('DOMContentLoaded', () => {
    // Netlify leads readers of / to the language that their browser asks for (netlify.toml), unless this cookie names another.
    document.querySelector('a.language')?.addEventListener('click', ({ currentTarget: { hreflang } }) => {
      try { document.cookie = `nf_lang=${hreflang}; path=/; max-age=31536000; samesite=lax` } catch { /* refused in sandboxed frames */ }
    })
    const button = document.querySelector('button.theme')
    if (!button) return
    const name = () => { button.setAttribute('aria-label', dark() ? button.dataset.light : button.dataset.dark); button.title = button.getAttribute('aria-label') }
    button.hidden = false
    name()
    button.addEventListener('click', () => {
      root.dataset.theme = dark() ? 'light' : 'dark'
      try { localStorage.setItem(key, root.dataset.theme) } catch { /* then it lasts for this page only */ }
      name()
      document.dispatchEvent(new Event('atlas:theme'))
    })
  })
})()
