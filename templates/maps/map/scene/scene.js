// @ts-check
// Drawing the points: at once on a plain canvas, so that the map lives before
// the runtime is there; then by Plotly's scattergl, which stays fast with many;
// and again on the canvas where there is no WebGL or its context is lost.
import { loadPlotly } from "../../../assets/shared/plotly.js";
import { fitted, paintDots } from "./canvas.js";
import { drawWash, washOf } from "./wash.js";

/** @import { View } from "../camera/camera.js" */
/** @import { Located } from "./canvas.js" */

const CLEAR = "rgba(0,0,0,0)";
const PATIENCE = 1500; // milliseconds
const WAIT = 150; // milliseconds that points may go before what lies below them

/** Resolves when the page has nothing to do, or has had for long. */
const idle = () =>
	new Promise((done) => {
		if (!window.requestIdleCallback) setTimeout(done);
		else requestIdleCallback(done, { timeout: PATIENCE });
	});

export class Scene {
	/** @type {HTMLElement} Plotly's place */ #plot;
	/** @type {HTMLCanvasElement} */ #plain;
	/** @type {HTMLCanvasElement} */ #under;
	/** @type {HTMLCanvasElement | null} */ #wash = null;
	#washing = 0;
	#washed = false;
	/** @type {HTMLElement} */ #box;
	/** @type {Located[]} */ layers = [];
	/** @type {number} the size of a dot in pixels */ dot = 3;
	/** @type {View | null} */ #view = null;
	#gl = false;
	#width = 0;
	#height = 0;

	/**
	 * @param {HTMLElement} plot
	 * @param {HTMLCanvasElement} plain
	 * @param {HTMLCanvasElement} under what is drawn below the points
	 * @param {HTMLElement} box
	 */
	constructor(plot, plain, under, box) {
		this.#plot = plot;
		this.#plain = plain;
		this.#under = under;
		this.#box = box;
	}

	/** The view as ranges of Plotly's axes. */
	#ranges() {
		const { x, y, span } = this.#view ?? { x: 0, y: 0, span: 1 };
		const { clientWidth, clientHeight } = this.#box;
		const high = (span * clientHeight) / Math.max(clientWidth, 1);
		return {
			"xaxis.range": [x - span / 2, x + span / 2],
			"yaxis.range": [y - high / 2, y + high / 2],
		};
	}

	#traces() {
		return this.layers.map(({ x, y, colour, opacity, scale }) => ({
			type: "scattergl",
			mode: "markers",
			hoverinfo: "skip",
			showlegend: false,
			x,
			y,
			marker: {
				size: this.dot * scale,
				color: colour,
				opacity,
				line: { width: 0 },
			},
		}));
	}

	/** The size of the dots of each layer. */
	#sizes() {
		return this.layers.map(({ scale }) => this.dot * scale);
	}

	#layout() {
		const axis = { visible: false, fixedrange: true, autorange: false };
		const ranges = this.#ranges();
		return {
			margin: { l: 0, r: 0, t: 0, b: 0 },
			showlegend: false,
			hovermode: false,
			dragmode: false,
			paper_bgcolor: CLEAR,
			plot_bgcolor: CLEAR,
			width: this.#width,
			height: this.#height,
			xaxis: { ...axis, range: ranges["xaxis.range"] },
			yaxis: { ...axis, range: ranges["yaxis.range"] },
		};
	}

	#measure() {
		this.#width = this.#box.clientWidth;
		this.#height = this.#box.clientHeight;
	}

	#paint() {
		if (!this.#view) return;
		const pen = fitted(this.#plain, this.#box);
		paintDots(pen, this.layers, this.#view, this.dot);
	}

	/** Draws where layers are dense, below them: later, since points come first. */
	#shade() {
		clearTimeout(this.#washing);
		this.#washing = setTimeout(() => {
			this.#wash = washOf(this.layers);
			this.#underpaint();
		}, WAIT);
	}

	#underpaint() {
		if (!this.#view || !(this.#wash || this.#washed)) return;
		const pen = fitted(this.#under, this.#box);
		const { clientWidth, clientHeight } = this.#box;
		this.#washed = Boolean(this.#wash);
		if (!this.#wash) return;
		drawWash(pen, this.#wash, this.#view, clientWidth, clientHeight);
	}

	/** Goes back to the canvas. */
	#leave() {
		this.#gl = false;
		try {
			Plotly.purge(this.#plot);
		} catch {
			// nothing of it is left
		}
		this.#plot.hidden = true;
		this.#plain.hidden = false;
		this.#paint();
	}

	/**
	 * Resolves to whether WebGL draws from now on; `lost` is called if it stops to.
	 * @param {string} url of Plotly
	 * @param {() => void} lost
	 */
	async upgrade(url, lost) {
		try {
			await loadPlotly(url);
			// The next step takes long, so it waits until there is nothing else to do.
			await idle();
			await this.#begin();
		} catch (problem) {
			console.info("drawn without WebGL:", problem);
			this.#leave();
			return false;
		}
		for (const canvas of this.#plot.querySelectorAll("canvas")) {
			canvas.addEventListener("webglcontextlost", (event) => {
				event.preventDefault();
				if (!this.#gl) return;
				this.#leave();
				lost();
			});
		}
		this.#plain.hidden = true;
		return true;
	}

	async #begin() {
		this.#measure();
		const before = this.layers;
		this.#plot.hidden = false;
		await Plotly.newPlot(this.#plot, this.#traces(), this.#layout(), {
			staticPlot: true,
			displayModeBar: false,
			showSendToCloud: false,
			displaylogo: false,
			responsive: false,
		});
		if (this.#plot.querySelector(".no-webgl")) throw new Error("no WebGL");
		this.#gl = true;
		if (this.layers === before) Plotly.relayout(this.#plot, this.#ranges());
		else await Plotly.react(this.#plot, this.#traces(), this.#layout());
	}

	/**
	 * Draws these layers from now on.
	 * @param {Located[]} layers
	 * @param {number} dot
	 * @param {View} view
	 */
	async set(layers, dot, view) {
		const before = this.layers;
		this.layers = layers;
		this.dot = dot;
		this.#view = view;
		// Points of other places: what lay below them is no longer true.
		if (sameLooks(layers, before)) this.#wash = null;
		this.#shade();
		this.#underpaint();
		if (!this.#gl) {
			this.#plain.hidden = false;
			return this.#paint();
		}
		// Coordinates alone may have changed, as in a change of projection: then
		// the traces stay.
		if (sameLooks(layers, before)) {
			const x = layers.map((layer) => layer.x);
			const y = layers.map((layer) => layer.y);
			const change = { x, y, "marker.size": this.#sizes() };
			return Plotly.update(this.#plot, change, this.#ranges());
		}
		return Plotly.react(this.#plot, this.#traces(), this.#layout());
	}

	/** @param {View} view */
	view(view) {
		this.#view = view;
		this.#underpaint();
		if (!this.#gl) {
			if (this.layers.length) this.#paint();
			return;
		}
		/** @type {Record<string, unknown>} */
		const change = this.#ranges();
		const { clientWidth, clientHeight } = this.#box;
		// A box is empty for a moment as a page is laid out for print; Plotly takes
		// a size of nothing for its own to find, and has none at hand.
		if (!clientWidth || !clientHeight) return;
		if (clientWidth !== this.#width || clientHeight !== this.#height) {
			this.#measure();
			Object.assign(change, { width: this.#width, height: this.#height });
		}
		Plotly.relayout(this.#plot, change);
	}

	/** @param {number} dot */
	size(dot) {
		if (dot === this.dot) return;
		this.dot = dot;
		if (this.#gl) Plotly.restyle(this.#plot, { "marker.size": this.#sizes() });
		else if (this.layers.length) this.#paint();
	}
}

/**
 * @param {Located[]} layers
 * @param {Located[]} others
 */
const sameLooks = (layers, others) =>
	layers.length === others.length &&
	layers.every(
		({ colour, opacity, scale }, i) =>
			colour === others[i].colour &&
			opacity === others[i].opacity &&
			scale === others[i].scale,
	);
