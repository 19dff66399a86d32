const FIRST = 1024

/** Whole numbers from 0 to 2^32 - 1, as many as come, four bytes each. */
export class Growing32 {
  length = 0
  #numbers = new Uint32Array(FIRST)

  push(value: number): void {
    if (this.length === this.#numbers.length) {
      const larger = new Uint32Array(this.length * 2)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[this.length++] = value
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0
  }

  /** All of them, in the memory of this list. */
  view(): Uint32Array<ArrayBuffer> {
    return this.#numbers.subarray(0, this.length)
  }
}

/** Numbers, as many as come, eight bytes each. */
export class Growing64 {
  length = 0
  #numbers = new Float64Array(FIRST)

  push(value: number): void {
    if (this.length === this.#numbers.length) {
      const larger = new Float64Array(this.length * 2)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[this.length++] = value
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0
  }

  /** All of them, in the memory of this list. */
  view(): Float64Array<ArrayBuffer> {
    return this.#numbers.subarray(0, this.length)
  }
}
