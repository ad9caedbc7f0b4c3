// @ts-check
// The lists of a wall as one stop of the Tab key each: arrows move within. Without
// scripts each of their links is a stop, and a link leads past them.

/**
 * The place that a key leads to in a grid of so many cells and columns.
 * @param {string} key
 * @param {number} place
 * @param {number} size
 * @param {number} columns
 */
function next(key, place, size, columns) {
	/** @type {Record<string, number>} */
	const places = {
		ArrowRight: place + 1,
		ArrowLeft: place - 1,
		ArrowDown: place + columns,
		ArrowUp: place - columns,
		Home: 0,
		End: size - 1,
	};
	const to = places[key];
	return to >= 0 && to < size ? to : place;
}

/** @param {HTMLElement} list */
function rove(list) {
	const links = [...list.querySelectorAll("a")];
	let stop = 0;
	links.forEach((link, i) => {
		if (i) link.tabIndex = -1;
	});
	list.addEventListener("focusin", ({ target }) => {
		const place = links.indexOf(/** @type {HTMLAnchorElement} */ (target));
		if (place < 0 || place === stop) return;
		links[stop].tabIndex = -1;
		links[place].tabIndex = 0;
		stop = place;
	});
	list.addEventListener("keydown", (event) => {
		const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
		if (altKey || ctrlKey || metaKey || shiftKey) return;
		const columns =
			getComputedStyle(list).gridTemplateColumns.split(" ").length;
		const to = next(key, stop, links.length, columns);
		if (to === stop) return;
		event.preventDefault();
		links[to].focus();
	});
}

for (const list of document.querySelectorAll(".cells")) {
	if (list.querySelector("a")) rove(/** @type {HTMLElement} */ (list));
}
for (const hint of document.querySelectorAll(".keys")) {
	/** @type {HTMLElement} */ (hint).hidden = false;
}
