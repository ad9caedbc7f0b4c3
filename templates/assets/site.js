// The switches for theme and motion. Each turns what is shown into its opposite and remembers it; until then the system decides.
(function () {
  'use strict'
  const root = document.documentElement
  const recall = (name, values) => {
    let kept = null
    try { kept = localStorage.getItem(`atlas-${name}`) } catch { /* storage is refused in sandboxed frames */ }
    if (values.includes(kept)) root.dataset[name] = kept
  }
  const remember = (name, value) => {
    root.dataset[name] = value
    try { localStorage.setItem(`atlas-${name}`, value) } catch { /* then it lasts for this page only */ }
    document.dispatchEvent(new Event(`atlas:${name}`))
  }
  const system = (query) => matchMedia(query).matches
  const dark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : system('(prefers-color-scheme: dark)'))
  const still = () => (root.dataset.motion ? root.dataset.motion === 'reduced' : system('(prefers-reduced-motion: reduce)'))
  recall('theme', ['light', 'dark'])
  recall('motion', ['reduced', 'full'])
  document.addEventListener('DOMContentLoaded', () => {
    // Netlify leads readers of / to the language that their browser asks for (netlify.toml), unless this cookie names another.
    document.querySelector('a.language')?.addEventListener('click', ({ currentTarget: { hreflang } }) => {
      try { document.cookie = `nf_lang=${hreflang}; path=/; max-age=31536000; samesite=lax` } catch { /* refused in sandboxed frames */ }
    })
    const theme = document.querySelector('button.theme')
    const motion = document.querySelector('button.motion')
    if (!theme || !motion) return
    const show = () => {
      theme.setAttribute('aria-label', dark() ? theme.dataset.light : theme.dataset.dark)
      theme.title = theme.getAttribute('aria-label')
      motion.setAttribute('aria-pressed', String(still()))
      theme.hidden = motion.hidden = false
    }
    show()
    theme.addEventListener('click', () => { remember('theme', dark() ? 'light' : 'dark'); show() })
    motion.addEventListener('click', () => { remember('motion', still() ? 'full' : 'reduced'); show() })
  })
})()
