import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'

/** The folder of the repository. */
export const HOME = join(import.meta.dirname, '..', '..')

/** Paths relative to the repository, with `/`, of all files below `folder` whose name ends with one of `endings`. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  return readdirSync(join(HOME, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && endings.some(ending => entry.name.endsWith(ending)))
    .map(entry => relative(HOME, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

/** Names of the folders in a folder of the repository. */
export function foldersIn(folder: string): string[] {
  return readdirSync(join(HOME, folder), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
}

/** The text of a file of the repository. */
export function textOf(path: string): string {
  return readFileSync(join(HOME, path), 'utf8')
}

/** One import of one file by another, both relative to the repository. */
export interface Import {
  readonly from: string
  readonly to: string
}

const IMPORT =
  /\b(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*\(?\s*(['"])(\.[^'"]+)\1|\bnew URL\(\s*(['"])(\.[^'"]+\.ts)\3/g

/** Every import between our own files below `folder`: static, dynamic, type-only, and workers by URL. */
export function importsBelow(folder: string): Import[] {
  return filesBelow(folder, ['.ts']).flatMap(from => importsOf(from, textOf(from)))
}

/** The relative imports that a file's text holds. */
export function importsOf(from: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(match => ({
    from,
    to: posix.join(dirname(from), match[2] ?? match[4] ?? '')
  }))
}
