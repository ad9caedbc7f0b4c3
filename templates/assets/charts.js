// @ts-check
// Charts come alive: each is drawn again with Plotly, from the table of its
// numbers, when a reader comes near it.
import { need } from "./shared/dom.js";
import { onTheme } from "./shared/looks.js";
import { loadPlotly } from "./shared/plotly.js";

/** @type {HTMLScriptElement} */
const own = need(document, "script[data-runtime]");
const runtime = own.dataset.runtime ?? "";
/** @type {Set<HTMLElement>} */
const live = new Set();

/** @param {HTMLElement} figure */
function lines(figure) {
	const rows = [...figure.querySelectorAll("tbody tr")];
	const labels = rows.map((row) => need(row, "th").textContent ?? "");
	/** @type {NodeListOf<HTMLElement>} */
	const heads = figure.querySelectorAll("thead [data-key]");
	const digits = figure.dataset.percent === "yes" ? ".2%" : ",.3f";
	return [...heads].map((head, column) => {
		const mark = need(figure, `svg .s-${head.dataset.key} path`);
		const { stroke, strokeDasharray } = getComputedStyle(mark);
		const value = (/** @type {Element} */ row) => {
			/** @type {NodeListOf<HTMLElement>} */
			const cells = row.querySelectorAll("[data-value]");
			return Number(cells[column].dataset.value);
		};
		return {
			type: "scatter",
			mode: "lines+markers",
			name: head.textContent,
			x: labels.map((_, row) => row),
			text: labels,
			y: rows.map(value),
			line: {
				color: stroke,
				width: 2,
				dash: strokeDasharray === "none" ? "solid" : "dash",
			},
			marker: { color: stroke, size: 7 },
			hovertemplate: `%{text}: %{y:${digits}}<extra>${head.textContent}</extra>`,
		};
	});
}

/**
 * @param {HTMLElement} figure
 * @param {ReturnType<typeof lines>} drawn
 */
function layout(figure, drawn) {
	const { color, fontFamily } = getComputedStyle(figure);
	const grid = getComputedStyle(need(figure, "svg .grid")).stroke;
	const axis = {
		gridcolor: grid,
		zeroline: false,
		linecolor: grid,
		fixedrange: true,
		automargin: true,
	};
	/** @type {HTMLElement[]} */
	const ticks = [...figure.querySelectorAll("svg .up")].map(
		(tick) => /** @type {HTMLElement} */ (tick),
	);
	const width = need(figure, ".drawing").clientWidth;
	const clear = "rgba(0,0,0,0)";
	const up = {
		text: figure.dataset.up,
		xref: "paper",
		yref: "paper",
		x: 0,
		y: 1,
		xanchor: "left",
		yanchor: "bottom",
		xshift: -44,
		yshift: 6,
		showarrow: false,
	};
	return {
		width,
		height: Math.round(width * 0.65),
		showlegend: false,
		hovermode: "closest",
		dragmode: false,
		margin: { l: 48, r: 12, t: 30, b: 40 },
		paper_bgcolor: clear,
		plot_bgcolor: clear,
		font: { color, family: fontFamily, size: 12 },
		xaxis: {
			...axis,
			showgrid: false,
			tickvals: drawn[0].x,
			ticktext: drawn[0].text,
			title: { text: figure.dataset.across },
		},
		yaxis: {
			...axis,
			range: [0, Number(figure.dataset.top) * 1.02],
			tickvals: ticks.map((tick) => Number(tick.dataset.tick)),
			ticktext: ticks.map((tick) => tick.textContent),
		},
		annotations: [up],
	};
}

/** @param {HTMLElement} figure */
async function draw(figure) {
	const place = need(figure, ".live");
	try {
		await loadPlotly(runtime);
		const drawn = lines(figure);
		const picture = need(figure, ".drawing > svg");
		place.setAttribute("role", "img");
		place.setAttribute("aria-label", picture.getAttribute("aria-label") ?? "");
		place.hidden = false;
		await Plotly.react(place, drawn, layout(figure, drawn), {
			displayModeBar: false,
			showSendToCloud: false,
			displaylogo: false,
			responsive: false,
		});
		figure.dataset.drawn = "plotly";
		live.add(figure);
	} catch (problem) {
		place.hidden = true; // the picture says the same
		console.info("drawn without Plotly:", problem);
	}
}

function again() {
	for (const figure of live) draw(figure);
}

const near = new IntersectionObserver(
	(seen) => {
		for (const { isIntersecting, target } of seen) {
			if (!isIntersecting) continue;
			near.unobserve(target);
			draw(/** @type {HTMLElement} */ (target));
		}
	},
	{ rootMargin: "200px" },
);
for (const figure of document.querySelectorAll("figure.chart")) {
	near.observe(figure);
}
let waiting = 0;
addEventListener("resize", () => {
	clearTimeout(waiting);
	waiting = setTimeout(again, 150);
});
onTheme(again);
