/** Gives out file names, each once. */
export interface PathNames {
  next(now: number): string
}

interface Affixes {
  readonly prefix: string
  readonly extension: string
}

/** `<prefix><ms>-<n>[.<extension>]`: `ms` when the sink was made, n = 1, 2, … */
export class CountedNames implements PathNames {
  readonly #affixes: Affixes
  readonly #series: number
  #count = 0

  constructor(affixes: Affixes, now: number) {
    this.#affixes = affixes
    this.#series = now
  }

  next(): string {
    return named(this.#affixes, String(this.#series), ++this.#count)
  }
}

/** `<prefix><yyyyMMddHHmmss>-<n>[.<extension>]` in local time; n begins at 1 in each second. */
export class TimedNames implements PathNames {
  readonly #affixes: Affixes
  #second = ''
  #count = 0

  constructor(affixes: Affixes) {
    this.#affixes = affixes
  }

  next(now: number): string {
    const second = compactTime(new Date(now))
    this.#count = second === this.#second ? this.#count + 1 : 1
    this.#second = second
    return named(this.#affixes, second, this.#count)
  }
}

function named({ prefix, extension }: Affixes, series: string, count: number): string {
  return `${prefix}${series}-${count}${extension === '' ? '' : `.${extension}`}`
}

function compactTime(date: Date): string {
  const parts = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()]
  return date.getFullYear() + parts.map(part => String(part).padStart(2, '0')).join('')
}
