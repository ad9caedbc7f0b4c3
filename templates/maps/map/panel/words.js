// @ts-check
// What the page says in its language.

/**
 * The words of a stage by their names.
 * @param {HTMLElement} stage
 */
export function readWords(stage) {
	/** @type {Record<string, string>} */
	const found = {};
	/** @type {HTMLTemplateElement | null} */
	const template = stage.querySelector("template.words");
	/** @type {HTMLElement[]} */
	const nodes = [
		...(template?.content.querySelectorAll("[data-name]") ?? []),
	].map((node) => /** @type {HTMLElement} */ (node));
	for (const { dataset, textContent } of nodes) {
		found[dataset.name ?? ""] = textContent ?? "";
	}
	return found;
}

/**
 * A sentence with its gaps filled: `%(k)s` as in the catalogues.
 * @param {string} sentence
 * @param {Record<string, unknown>} values
 */
export const fill = (sentence, values) =>
	sentence.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
