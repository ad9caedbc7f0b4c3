// @ts-check
// The page of words: the answer to any word that the address asks for.
import { WordPage } from "./words/page.js";

/** @type {HTMLElement | null} */
const place = document.querySelector(".word-answer");
if (place) new WordPage(place).follow();
