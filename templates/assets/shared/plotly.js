// @ts-check
// Loading Plotly once a page. Each script is a bundle of its own and shares no
// variables with another, so they share the element that loads the runtime.

/** @typedef {HTMLScriptElement & { loaded?: Promise<unknown> }} Runtime */

/**
 * Resolves when the global `Plotly` is there.
 * @param {string} url
 */
export function loadPlotly(url) {
	/** @type {Runtime | null} */
	const there = document.querySelector("script.plotly-runtime");
	if (there?.loaded) return there.loaded;
	/** @type {HTMLLinkElement | null} */
	const rules = document.querySelector("link.no-inline-styles");
	if (rules) rules.media = "all";
	/** @type {Runtime} */
	const script = document.createElement("script");
	script.className = "plotly-runtime";
	script.loaded = new Promise((done, failed) => {
		script.addEventListener("load", done);
		script.addEventListener("error", () =>
			failed(new Error(`${url} did not load`)),
		);
	});
	script.src = url;
	document.head.append(script);
	return script.loaded;
}
