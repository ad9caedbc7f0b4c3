// Sense maps: the sentence of the mark under the pointer or the finger, or of the one that the arrow keys have reached.
(function () {
  'use strict'
  const hint = document.querySelector('.hint')
  if (hint) hint.hidden = false
  for (const word of document.querySelectorAll('.word')) {
    const picture = word.querySelector('svg.senses')
    const marks = [...picture.querySelectorAll('path')]
    const said = word.querySelector('.occurrence')
    const sentences = new Map([...word.querySelectorAll('details li')].map((item) => [Number(item.dataset.at), item]))
    let shown = -1
    for (const mark of marks) mark.querySelector('title')?.remove() // the sentence stands above the picture
    const show = (index) => {
      if (index === shown) return
      marks[shown]?.classList.remove('shown')
      shown = index
      marks[index].classList.add('shown')
      picture.append(marks[index]) // above the others
      const sentence = sentences.get(index)
      const sense = document.createElement('small')
      sense.textContent = ` ${sentence.closest('ul').previousElementSibling.textContent}`
      said.replaceChildren(...[...sentence.childNodes].filter((node) => node.nodeName !== 'SMALL').map((node) => node.cloneNode(true)), sense)
    }
    // The nearest mark within reach of a finger, so that small ones can be met.
    const near = (event) => {
      const at = picture.getBoundingClientRect()
      const unit = picture.viewBox.baseVal.width / at.width
      const [x, y] = [(event.clientX - at.left) * unit, (event.clientY - at.top) * unit]
      let [best, gap] = [-1, (event.pointerType === 'mouse' ? 16 : 34) * unit]
      for (const [index, mark] of marks.entries()) {
        const box = mark.getBBox()
        const far = Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y)
        if (far < gap) [best, gap] = [index, far]
      }
      if (best >= 0) show(best)
    }
    picture.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') near(event) })
    picture.addEventListener('pointerdown', near)
    picture.addEventListener('keydown', (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
      const to = event.key === 'Home' ? 0 : event.key === 'End' ? marks.length - 1 : step ? (Math.max(shown, step > 0 ? -1 : 0) + step + marks.length) % marks.length : -1
      if (to < 0) return
      event.preventDefault()
      show(to)
    })
  }
})()
