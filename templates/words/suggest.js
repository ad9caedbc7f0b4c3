// @ts-check
// Loaded when a reader turns to the field in the header.
import { Field } from "./words/field.js";

/** @type {HTMLFormElement | null} */
const form = document.querySelector("form.ask");
if (form) new Field(form);
