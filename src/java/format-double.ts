/**
 * The text of java.lang.Double.toString: `50.0`, `1.0E-4`, `NaN`. Digits are the fewest that tell the number from its
 * neighbours, but at least two, as Java prints them since version 19.
 */
export function formatJavaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const size = Math.abs(value)
  if (size === 0) return sign + '0.0'
  if (size >= 1e-3 && size < 1e7) return sign + withFraction(String(size))
  const shortest = size.toExponential()
  const text = shortest.includes('.') ? shortest : size.toExponential(1)
  const [digits = '', exponent = ''] = text.split('e')
  return sign + digits + 'E' + String(Number(exponent))
}

function withFraction(digits: string): string {
  return digits.includes('.') ? digits : digits + '.0'
}
