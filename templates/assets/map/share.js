// The share dialog: what it offers is made when it opens, from what the reader sees then.
Atlas.share = function (map) {
  const button = map.stage.querySelector('button[name=share]')
  const dialog = document.querySelector('dialog.share')
  if (!button || !dialog) return
  const { embed, card, title, mark } = dialog.dataset
  const part = (name) => dialog.querySelector(`[data-what=${name}]`)
  const height = dialog.querySelector('select[name=height]')
  const done = dialog.querySelector('.done')
  const cite = part('cite').value
  const line = part('text').textContent
  const escape = (text) => text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign])
  const plain = (text) => text.replace(/[[\]\\]/g, '\\$&')
  const full = (address) => new URL(address, location.href).href
  const fill = () => {
    const link = map.link()
    const hash = link.includes('#') ? link.slice(link.indexOf('#')) : ''
    const page = document.querySelector('link[rel=canonical]')?.href || link.split('#')[0]
    part('link').value = link
    part('frame').value = `<iframe src="${escape(full(embed) + hash)}" title="${escape(title)}" width="100%" height="${height.value}" loading="lazy" allow="fullscreen" referrerpolicy="strict-origin-when-cross-origin" style="border:0"></iframe>`
    part('markdown').value = `[![${plain(title)}](${full(card)})](${link})\n[${plain(title)}](${link})`
    part('cite').value = cite.replaceAll(mark, page)
    part('text').textContent = line.replaceAll(mark, page)
    done.textContent = ''
  }
  button.addEventListener('click', async () => { await map.noted(); fill(); dialog.showModal() })
  height.addEventListener('change', fill)
  dialog.addEventListener('click', async (event) => {
    if (event.target === dialog) return dialog.close()
    const { copy, save } = event.target.dataset
    if (copy) {
      const field = dialog.querySelector(`#${copy}`)
      field.focus()
      field.select()
      await Atlas.copy(field.value, dialog)
      done.textContent = done.dataset.copied
    }
    if (save) {
      Atlas.save(await map.image(save), `${dialog.dataset.name}.${save}`)
      done.textContent = done.dataset.saved
    }
  })
}
