// @ts-check
// The page for what is not found: the address of a cluster's page ends with the
// id of its first token, so one of an earlier build leads to that token. Hosts
// that read the file of redirects do not come here.
import { need } from "./shared/dom.js";

const { root = "" } = need(document, "[data-root]").dataset;
const old = /\/maps\/([^/]+)\/clusters\/(?:[^/]*-)?(\d+)(?:-region)?\//;
const [, map, token] = old.exec(location.pathname) ?? [];
if (map) location.replace(`${root}maps/${map}/#t=${token}`);
