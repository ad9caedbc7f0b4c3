// @ts-check
// Sense maps: the sentence of the mark under the pointer or the finger, or of
// the one that the arrow keys have reached.
import { need } from "../assets/shared/dom.js";

/** One word's picture, and the sentence that is shown of it. */
class Word {
	/** @type {SVGSVGElement} */ #picture;
	/** @type {SVGPathElement[]} */ #marks;
	/** @type {HTMLElement} */ #said;
	/** @type {Map<number, HTMLElement>} */ #sentences;
	#shown = -1;

	/** @param {Element} word */
	constructor(word) {
		this.#picture = need(word, "svg.senses");
		this.#marks = [...this.#picture.querySelectorAll("path")];
		this.#said = need(word, ".occurrence");
		/** @type {NodeListOf<HTMLElement>} */
		const items = word.querySelectorAll("details li");
		this.#sentences = new Map(
			[...items].map((item) => [Number(item.dataset.at), item]),
		);
		// The sentence stands above the picture, so no tooltip repeats it.
		for (const mark of this.#marks) mark.querySelector("title")?.remove();
		this.#picture.addEventListener("pointermove", (event) => {
			if (event.pointerType === "mouse") this.#near(event);
		});
		this.#picture.addEventListener("pointerdown", (event) => this.#near(event));
		this.#picture.addEventListener("keydown", (event) => this.#key(event));
	}

	/** @param {number} index */
	#show(index) {
		if (index === this.#shown) return;
		this.#marks[this.#shown]?.classList.remove("shown");
		this.#shown = index;
		this.#marks[index].classList.add("shown");
		this.#picture.append(this.#marks[index]); // above the others
		const sentence = this.#sentences.get(index);
		if (!sentence) return;
		const name = sentence.closest("ul")?.previousElementSibling?.textContent;
		const sense = document.createElement("small");
		sense.textContent = ` ${name}`;
		const parts = [...sentence.childNodes]
			.filter((node) => node.nodeName !== "SMALL")
			.map((node) => node.cloneNode(true));
		this.#said.replaceChildren(...parts, sense);
	}

	/**
	 * Shows the nearest mark within reach of a finger, so that small ones can be met.
	 * @param {PointerEvent} event
	 */
	#near(event) {
		const at = this.#picture.getBoundingClientRect();
		const unit = this.#picture.viewBox.baseVal.width / at.width;
		const x = (event.clientX - at.left) * unit;
		const y = (event.clientY - at.top) * unit;
		let best = -1;
		let gap = (event.pointerType === "mouse" ? 16 : 34) * unit;
		for (const [index, mark] of this.#marks.entries()) {
			const box = mark.getBBox();
			const far = Math.hypot(
				box.x + box.width / 2 - x,
				box.y + box.height / 2 - y,
			);
			if (far < gap) [best, gap] = [index, far];
		}
		if (best >= 0) this.#show(best);
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		if (event.altKey || event.ctrlKey || event.metaKey) return;
		const last = this.#marks.length - 1;
		const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[
			event.key
		];
		let to = { Home: 0, End: last }[event.key] ?? -1;
		if (step) {
			const from = Math.max(this.#shown, step > 0 ? -1 : 0);
			to = (from + step + this.#marks.length) % this.#marks.length;
		}
		if (to < 0) return;
		event.preventDefault();
		this.#show(to);
	}
}

/** @type {HTMLElement | null} */
const hint = document.querySelector(".hint");
if (hint) hint.hidden = false;
for (const word of document.querySelectorAll(".word")) new Word(word);
