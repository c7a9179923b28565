/*
 * The command line of weir-grade.
 */
#include "run/options.h"

#include <getopt.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "sandbox/sandbox.h"

const char options_help[] =
    "Usage: ./weir grade SUBMISSION [OPTION]...\n"
    "\n"
    "Grades a submission: takes its files in, builds them, starts a broker of its own, and runs the checks of\n"
    "every lab that the submission holds. Student code runs in a sandbox; nothing is left behind.\n"
    "\n"
    "SUBMISSION is one of\n"
    "  a folder       with NN-name/ folders, at its top or under labs/ (`solutions` is one such folder);\n"
    "                 a folder around everything does no harm, a lab under another name is not graded\n"
    "  an archive     tar, tar.gz, tar.xz, zip or 7z, of such a folder\n"
    "  a repository   https://example.org/name.git, ssh, file:///path, or a local folder with --ref\n"
    "With --lab, the files of that one lab may also lie at the top.\n"
    "\n"
    "Options\n"
    "  --lab NN         grade only this lab: its number or its name (03, 03-clients)\n"
    "  --check ID       run only this check, and those it needs\n"
    "  --ref REF        branch, tag or commit of a repository; SUBMISSION#REF says the same\n"
    "  --out DIR        write DIR/result.json, after every check; the folder is made if needed\n"
    "                   (default: weir-results in the working directory)\n"
    "  --seed N         data of the checks come from this number; the same number gives the same data\n"
    "                   (default: a new one each time; every report names it)\n"
    "  --tap            print TAP 13; the default unless standard output is a terminal\n"
    "  --text           print the readable report; the default on a terminal\n"
    "  --isolation N    use at most this isolation level, 0 to 4 (default: the highest that works here)\n"
    "  --help           this text\n"
    "\n"
    "Isolation levels\n"
    "  4  own namespaces, a network with nothing but the broker, seccomp     3  the same on this machine's network\n"
    "  2  root: a uid of its own, seccomp, Landlock                         1  your own uid, seccomp, Landlock\n"
    "  0  limits only. Every report says which one was used and what it leaves open.\n"
    "\n"
    "Exit status\n"
    "  0  all checks passed           1  a check failed        2  not gradable: a file is missing, it does not compile\n"
    "  3  our fault; run it again     4  the command line is wrong\n"
    "With several labs the highest counts; every lab that could be graded is in the report. Of a submission in which\n"
    "nothing can be graded, result.json and the TAP say why; with 4 neither is written.\n"
    "\n"
    "Examples\n"
    "  ./weir grade solutions\n"
    "  ./weir grade ~/my-labs --lab 03\n"
    "  ./weir grade https://example.org/student/labs.git#handed-in --out results\n"
    "\n"
    "Environment: NO_COLOR turns colours off, TMPDIR is where the run's temporary folder is made (/tmp).\n"
    "Only kill -9 leaves that folder, weir-grade-XXXXXX, behind; no process stays even then.\n";

enum { LAB = 1, CHECK, REF, OUT, SEED, TAP, TEXT, ISOLATION, HELP };

static const struct option known[] = {
    { "lab", 1, NULL, LAB },   { "check", 1, NULL, CHECK },         { "ref", 1, NULL, REF },
    { "out", 1, NULL, OUT },   { "seed", 1, NULL, SEED },           { "tap", 0, NULL, TAP },
    { "text", 0, NULL, TEXT }, { "isolation", 1, NULL, ISOLATION }, { "help", 0, NULL, HELP },
    { NULL, 0, NULL, 0 },
};

static enum weir_status take_number(
    const char *option, const char *text, int64_t max, int64_t *out, struct weir_error *err)
{
    if (!bytes_parse_i64(bytes_of(text), out) || *out < 0 || *out > max) {
        return weir_fail(err, WEIR_EINVAL, "--%s needs a whole number from 0 to %lld, not `%.40s`",
                         option, (long long)max, text);
    }
    return WEIR_OK;
}

static enum weir_status take_option(int c, struct options *o, char **argv, struct weir_error *err)
{
    int64_t number = 0;
    enum weir_status rc = WEIR_OK;
    switch (c) {
    case LAB: o->lab = optarg; break;
    case CHECK: o->check = optarg; break;
    case REF: o->ref = optarg; break;
    case OUT: o->out_dir = optarg; break;
    case TAP: o->tap = true; break;
    case TEXT: o->text = true; break;
    case HELP: o->help = true; break;
    case SEED:
        rc = take_number("seed", optarg, INT64_MAX, &number, err);
        o->seed = (uint64_t)number;
        o->has_seed = true;
        break;
    case ISOLATION:
        rc = take_number("isolation", optarg, SANDBOX_LEVEL_MAX, &number, err);
        o->isolation_max = (int)number;
        break;
    case ':':
        rc = weir_fail(err, WEIR_EINVAL, "the option %.60s needs a value; see ./weir grade --help",
                       argv[optind - 1]);
        break;
    default:
        rc = weir_fail(err, WEIR_EINVAL, "unknown option %.60s; see ./weir grade --help",
                       argv[optind - 1]);
        break;
    }
    return rc;
}

enum weir_status options_parse(int argc, char **argv, struct options *out, struct weir_error *err)
{
    struct options o = { .isolation_max = SANDBOX_LEVEL_MAX };
    opterr = 0;
    for (int c = getopt_long(argc, argv, ":", known, NULL); c != -1;
         c = getopt_long(argc, argv, ":", known, NULL)) {
        enum weir_status rc = take_option(c, &o, argv, err);
        if (rc < 0) {
            return rc;
        }
    }
    if (!o.help && optind + 1 != argc) {
        return weir_fail(
            err, WEIR_EINVAL,
            optind == argc
                ? "no submission given; try: ./weir grade solutions"
                : "one submission at a time: `%.60s` is one too many; see ./weir grade --help",
            optind == argc ? "" : argv[optind + 1]);
    }
    if (o.tap && o.text) {
        return weir_fail(err, WEIR_EINVAL, "--tap and --text exclude each other");
    }
    if (o.check && !o.lab) {
        return weir_fail(err, WEIR_EINVAL, "--check needs --lab: which lab is `%.60s` a check of?",
                         o.check);
    }
    o.submission = argv[optind];
    *out = o;
    return WEIR_OK;
}
