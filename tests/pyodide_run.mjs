// Runs a Python script in CPython compiled to WebAssembly: node pyodide_run.mjs PYODIDE ROOT SCRIPT OUT
// The script finds the folder ROOT under the same name, and writes what goes into the file OUT.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

const [package_, root, script, out] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${package_}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: package_ });
python.FS.mkdirTree(root);
python.FS.mount(python.FS.filesystems.NODEFS, { root }, root);
python.globals.set("ARGUMENTS", python.toPy([script, root, "/out.json"]));
python.runPython("import runpy, sys; sys.argv = ARGUMENTS; runpy.run_path(ARGUMENTS[0], run_name='__main__')");
fs.writeFileSync(out, python.FS.readFile("/out.json"));
