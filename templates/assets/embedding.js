// The page that tells how maps stand in other pages: its examples name this site, and one of them is alive.
document.addEventListener('DOMContentLoaded', () => {
  const trial = document.querySelector('.trial')
  const { root, example } = trial.dataset
  for (const code of document.querySelectorAll('pre code')) code.textContent = code.textContent.replaceAll(`${example}/`, new URL(root, location.href).href)
  const frame = trial.querySelector('iframe')
  const heard = trial.querySelector('.heard')
  trial.querySelector('.ask').hidden = false
  addEventListener('message', ({ source, data }) => {
    if (source === frame.contentWindow && data && String(data.type).startsWith('atlas:')) heard.textContent = JSON.stringify(data)
  })
  trial.addEventListener('click', ({ target }) => {
    const button = target.closest('[data-send]')
    if (button) frame.contentWindow.postMessage(JSON.parse(button.dataset.send), '*')
  })
})
