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
  const line = part('text').value
  const escape = (text) => text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign])
  const plain = (text) => text.replace(/[[\]\\]/g, '\\$&')
  const full = (address) => new URL(address, location.href).href
  const fill = () => {
    const seen = map.link()
    const hash = seen.includes('#') ? seen.slice(seen.indexOf('#')) : ''
    const link = dialog.dataset.page ? full(dialog.dataset.page) + hash : seen // from a frame, to the whole page
    const page = full(dialog.dataset.stays)
    part('link').value = link
    part('frame').value = `<iframe src="${escape(full(embed) + hash)}" title="${escape(title)}" width="100%" height="${height.value}" loading="lazy" allow="fullscreen" referrerpolicy="strict-origin-when-cross-origin" style="border:0"></iframe>`
    part('markdown').value = `[![${plain(title)}](${full(card)})](${link})\n[${plain(title)}](${link})`
    part('cite').value = cite.replaceAll(mark, page)
    part('text').value = line.replaceAll(mark, page)
    done.textContent = ''
  }
  // A sandbox without allow-downloads drops what one saves, and says so to nobody.
  if (self.origin === 'null') dialog.querySelector('.saves').hidden = true
  button.addEventListener('click', async () => { await map.noted(); fill(); dialog.showModal() })
  height.addEventListener('change', fill)
  dialog.addEventListener('click', async (event) => {
    if (event.target === dialog) return dialog.close()
    const { copy, save } = event.target.dataset
    if (copy) {
      const field = dialog.querySelector(`#${copy}`)
      const copied = await Atlas.copy(field.value, dialog)
      field.focus()
      field.select()
      done.textContent = copied ? done.dataset.copied : done.dataset.selected
    }
    if (save) {
      Atlas.save(await map.image(save), `${dialog.dataset.name}.${save}`)
      done.textContent = done.dataset.saved
    }
  })
}
