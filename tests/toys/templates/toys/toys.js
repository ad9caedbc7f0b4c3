import { count } from "./parts/count.js";

document.querySelector(".toy").dataset.letters = String(count(document));
