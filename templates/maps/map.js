// @ts-check
// The script of pages with maps: starts each map above the picture of it that
// was there at once.
import { startAll } from "./map/index.js";

startAll();
