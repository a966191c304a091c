# House rules that a line-by-line look can check. Prints file:line: what, and exits 1.
#
#   all           at most 800 lines a file
#   not tests/    at most 60 lines a function
#   mem cpu devices vmm   no host time, randomness, stdio, exit; allocation in few files
#   the engine    no word cpl, cr0 or iopl: it knows no privilege
#
# Comments and strings are blanked out first, so that they may say what they like.

function complain(what) {
    printf "%s:%d: %s\n", FILENAME, FNR, what
    failed = 1
}

# The line without comments, and with empty strings. in_comment lives on between lines.
function strip(s,    out, c, two, i, n, quote) {
    out = ""
    n = length(s)
    for (i = 1; i <= n; i++) {
        c = substr(s, i, 1)
        two = substr(s, i, 2)
        if (in_comment) {
            if (two == "*/") {
                in_comment = 0
                i++
            }
        } else if (quote != "") {
            if (c == "\\") {
                i++
            } else if (c == quote) {
                quote = ""
                out = out c
            }
        } else if (two == "/*") {
            in_comment = 1
            out = out " "
            i++
        } else if (two == "//") {
            break
        } else {
            if (c == "\"" || c == "'") {
                quote = c
            }
            out = out c
        }
    }
    return out
}

# Is one of the words (a|b) called or named in s? Sets `word`.
function has_call(s, words) {
    if (match(s, "(^|[^A-Za-z0-9_.>])(" words ")[ ]*[(]")) {
        word = substr(s, RSTART, RLENGTH)
        gsub(/[^A-Za-z0-9_]/, "", word)
        return 1
    }
    return 0
}

function has_word(s, words) {
    if (match(s, "(^|[^A-Za-z0-9_])(" words ")([^A-Za-z0-9_]|$)")) {
        word = substr(s, RSTART, RLENGTH)
        gsub(/[^A-Za-z0-9_]/, "", word)
        return 1
    }
    return 0
}

BEGIN {
    host = "time|clock|gettimeofday|clock_gettime|timespec_get|localtime|gmtime|nanosleep|sleep|usleep"
    host = host "|rand|srand|random|srandom|getrandom|getenv|system|signal|alloca"
    host = host "|printf|vprintf|fprintf|vfprintf|sprintf|vsprintf|puts|fputs|putchar|fputc|fopen"
    host = host "|scanf|fread|fwrite|exit|_exit|quick_exit|abort|assert"
    streams = "stdout|stderr|stdin|FILE"
    allocators = "malloc|calloc|realloc|strdup|aligned_alloc"
    # Creation, save and load, firmware files, `info` text.
    may_allocate = "^(mem/(big|page_tree|phys|state)[.]c|cpu/(block|forms|sys/cpu|sys/shadow)[.]c|devices/(device|fw_cfg|machine[a-z_]*|pc|snapshot|input_log[a-z_]*|text|info)[.]c|vmm/(hw|lab)[.]c)$"
}

FNR == 1 {
    in_comment = 0
    body = 0
    core = FILENAME ~ /^(mem|cpu|devices|vmm)\//
    engine = FILENAME ~ /^cpu\/(exec\/.*|engine[.][ch]|lmem[.]h)$/
}

FNR == 801 {
    complain("file is longer than 800 lines")
}

{
    code = strip($0)
    # A file laid out by clang-format has a function's braces alone in the first column.
    if (code ~ /^\{[ ]*$/) {
        body = FNR
    } else if (code ~ /^\}/ && body) {
        if (FNR - body - 1 > 60 && FILENAME !~ /^tests\//) {
            complain("function is longer than 60 lines (" FNR - body - 1 ")")
        }
        body = 0
    }
    if (core && code !~ /^[ ]*#[ ]*include/) {
        if (has_call(code, host) || has_word(code, streams)) {
            complain("the core may not use " word)
        }
        if (FILENAME !~ may_allocate && has_call(code, allocators)) {
            complain("no allocation here: " word)
        }
    }
    if (engine && has_word(tolower(code), "cpl|cr0|iopl")) {
        complain("the engine knows no privilege: " word)
    }
}

END {
    exit failed
}
