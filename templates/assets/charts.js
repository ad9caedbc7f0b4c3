// Charts come alive: each is drawn again with Plotly, from the table of its numbers, when a reader comes near it.
(function () {
  'use strict'
  const { runtime } = document.currentScript.dataset
  let loading = null
  const load = () => typeof Atlas === 'object' ? Atlas.runtime(runtime) : (loading ??= new Promise((done, failed) => {
    const script = document.createElement('script')
    script.addEventListener('load', done)
    script.addEventListener('error', () => failed(new Error(`${runtime} did not load`)))
    script.src = runtime
    document.head.append(script)
  }))
  const traces = (figure) => {
    const rows = [...figure.querySelectorAll('tbody tr')]
    const labels = rows.map((row) => row.querySelector('th').textContent)
    return [...figure.querySelectorAll('thead [data-key]')].map((head, column) => {
      const style = getComputedStyle(figure.querySelector(`svg .s-${head.dataset.key} path`))
      return {
        type: 'scatter', mode: 'lines+markers', name: head.textContent, x: labels.map((_, row) => row), text: labels,
        y: rows.map((row) => Number(row.querySelectorAll('[data-value]')[column].dataset.value)),
        line: { color: style.stroke, width: 2, dash: style.strokeDasharray === 'none' ? 'solid' : 'dash' }, marker: { color: style.stroke, size: 7 },
        hovertemplate: `%{text}: %{y:${figure.dataset.percent === 'yes' ? '.2%' : ',.3f'}}<extra>${head.textContent}</extra>`,
      }
    })
  }
  const layout = (figure, lines) => {
    const { color, fontFamily } = getComputedStyle(figure)
    const grid = getComputedStyle(figure.querySelector('svg .grid')).stroke
    const axis = { gridcolor: grid, zeroline: false, linecolor: grid, fixedrange: true, automargin: true }
    const ticks = [...figure.querySelectorAll('svg .up')]
    const width = figure.querySelector('.drawing').clientWidth
    return {
      width, height: Math.round(width * 0.65), showlegend: false, hovermode: 'closest', dragmode: false,
      margin: { l: 48, r: 12, t: 30, b: 40 }, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', font: { color, family: fontFamily, size: 12 },
      xaxis: { ...axis, showgrid: false, tickvals: lines[0].x, ticktext: lines[0].text, title: { text: figure.dataset.across } },
      yaxis: { ...axis, range: [0, Number(figure.dataset.top) * 1.02], tickvals: ticks.map((tick) => Number(tick.dataset.tick)), ticktext: ticks.map((tick) => tick.textContent) },
      annotations: [{ text: figure.dataset.up, xref: 'paper', yref: 'paper', x: 0, y: 1, xanchor: 'left', yanchor: 'bottom', xshift: -44, yshift: 6, showarrow: false }],
    }
  }
  const live = new Set()
  const draw = async (figure) => {
    const place = figure.querySelector('.live')
    try {
      await load()
      const lines = traces(figure)
      const label = figure.querySelector('.drawing > svg').getAttribute('aria-label')
      place.setAttribute('role', 'img')
      place.setAttribute('aria-label', label)
      place.hidden = false
      await Plotly.react(place, lines, layout(figure, lines), { displayModeBar: false, showSendToCloud: false, displaylogo: false, responsive: false })
      figure.dataset.drawn = 'plotly'
      live.add(figure)
    } catch (problem) {
      place.hidden = true // the picture says the same
      console.info('drawn without Plotly:', problem.message)
    }
  }
  document.addEventListener('DOMContentLoaded', () => {
    const near = new IntersectionObserver((seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting) continue
        near.unobserve(target)
        draw(target)
      }
    }, { rootMargin: '200px' })
    for (const figure of document.querySelectorAll('figure.chart')) near.observe(figure)
    const again = () => { for (const figure of live) draw(figure) }
    let waiting = null
    addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(again, 150) })
    document.addEventListener('atlas:theme', again)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again)
  })
})()
