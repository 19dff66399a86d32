import { boundsOf, type Lineage, mainLineage, newestOf, placeIn } from './epoch.ts'
import { idOf } from './recover-files.ts'
import type { FoundFile } from './segment-files.ts'
import type { StopRecord } from './stop-record.ts'

/** A segment's file, and where its epoch stands in the lineage; undefined where its header is damaged. */
export interface LineFile {
  readonly file: FoundFile
  readonly place: number | undefined
}

/** The segments of one log, told apart by what knew of what. */
export interface Lines {
  /** Of the log as it goes on. */
  readonly lineage: Lineage
  /** By id. */
  readonly files: readonly LineFile[]
  /** Of other lines: nothing that came later in this one knew of them. */
  readonly strays: readonly FoundFile[]
}

/** Sorts segments of one channel, given by id. `stops`: its records of stops, which may know of more than the files. */
export function linesOf(files: readonly FoundFile[], stops: readonly StopRecord[]): Lines {
  const lineage = lineageOf(files, stops)
  const line: LineFile[] = []
  const strays: FoundFile[] = []
  for (const file of files) {
    const { header } = file
    const place = header === undefined ? undefined : placeIn(lineage, newestOf(header.lineage))
    if (header === undefined) line.push({ file, place })
    else if (place === undefined || idOf(file) >= boundsOf(lineage, place).firstId) strays.push(file)
    else line.push({ file, place })
  }
  return { lineage, files: line, strays }
}

/** What was made ahead and never used counts only where it goes on from the rest: its first record may be damaged. */
function lineageOf(files: readonly FoundFile[], stops: readonly StopRecord[]): Lineage {
  const known = files.filter(({ header }) => header !== undefined)
  const lineagesOf = (some: readonly FoundFile[]): Lineage[] =>
    some.flatMap(({ header }) => header ?? []).map(({ lineage }) => lineage)
  const used = byUse([...lineagesOf(known.filter(file => file.used)), ...stops.map(stop => stop.lineage)])
  const main = mainLineage(used)
  const unused = byUse(lineagesOf(known.filter(file => !file.used)))
  const later = unused.filter(lineage => used.length === 0 || placeIn(lineage, newestOf(main)) !== undefined)
  return mainLineage([main, ...later])
}

/** Each once, the one that is named most often first. */
function byUse(lineages: readonly Lineage[]): Lineage[] {
  const found = new Map<string, { readonly lineage: Lineage; uses: number }>()
  for (const lineage of lineages) {
    const { number, tag } = newestOf(lineage)
    const known = found.get(`${number} ${tag}`) ?? { lineage, uses: 0 }
    known.uses++
    found.set(`${number} ${tag}`, known)
  }
  return [...found.values()].sort((one, other) => other.uses - one.uses).map(({ lineage }) => lineage)
}
