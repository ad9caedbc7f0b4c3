// @ts-check
// Serves the files of this page to its map: they stand in it as text, and no
// request leaves it. Starts the map when styles and script are unpacked.
(() => {
	const bytes = (/** @type {string} */ text) =>
		Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
	const unpack = (/** @type {Uint8Array<ArrayBuffer>} */ packed) =>
		new Response(
			new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")),
		);

	/** @type {Map<string | undefined, HTMLElement>} */
	const files = new Map();
	/** @type {NodeListOf<HTMLElement>} */
	const held = document.querySelectorAll("script[data-file]");
	for (const file of held) files.set(file.dataset.file, file);
	window.fetch = async (address) => {
		const name = String(address instanceof Request ? address.url : address);
		const file = files.get(name);
		if (!file) throw new TypeError(`${name} is not in this file`);
		const content = bytes(file.textContent ?? "");
		// The map unpacks files of numbers and texts by itself.
		return name.endsWith(".json") ? unpack(content) : new Response(content);
	};

	// What follows a link leaves this page alone; a link to a page of the site
	// that is not there leads nowhere.
	addEventListener(
		"click",
		(event) => {
			const { target } = event;
			/** @type {HTMLAnchorElement | null} */
			const link = target instanceof Element ? target.closest("a[href]") : null;
			if (!link || link.hasAttribute("download")) return;
			if (/^https?:/.test(link.getAttribute("href") ?? "")) {
				link.target = "_blank";
				link.rel = "noopener";
			} else event.preventDefault();
		},
		true,
	);

	const run = (/** @type {string} */ source) => {
		const script = document.createElement("script");
		// The map's modules, where it is not one script.
		const modules = document.querySelector("script[type=importmap]");
		if (modules) script.type = "module";
		script.textContent = source;
		document.body.append(script);
	};
	// In another page the wheel is that page's until a reader clicks the map.
	if (window.parent !== window) document.body.classList.add("embed");
	const text = (/** @type {string} */ name) =>
		unpack(
			bytes(document.querySelector(`script.${name}`)?.textContent ?? ""),
		).text();
	Promise.all([text("styles"), text("map")]).then(([styles, map]) => {
		const style = document.createElement("style");
		style.textContent = styles;
		document.head.prepend(style); // the page's own rules come after
		run(map);
	});
})();
