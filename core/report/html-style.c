/* SPDX-License-Identifier: MIT
 *
 * How a page looks: on paper and on screens, light and dark, wide and narrow.
 */
#include "report/html.h"

/* Colours by name: those of figures (scene.h), and those of the page. */
static const char light[] =
    ":root{--paper:#fff;--ink:#16191d;--soft:#59606a;--faint:#b4b8bd;--line:#e3e6ea;"
    "--ground:#fff;--raised:#f6f7f9;--link:#0b5ca8;--good:#117a4b;--info:#0b5ca8;"
    "--warn:#8a5a00;--bad:#b3261e;--shade:#c3c8ce}\n"
    ".fd{fill:var(--l)}.sd{stroke:var(--l)}\n";
static const char dark[] =
    ":root{--paper:#17191d;--ink:#e8eaed;--soft:#a3abb5;--faint:#646b75;--line:#32363d;"
    "--ground:#17191d;--raised:#1f2227;--link:#8ab8ff;--good:#5fcf98;--info:#8ab8ff;"
    "--warn:#f0bd5a;--bad:#ff8a80;--shade:#4a505a}\n"
    ".fd{fill:var(--d)}.sd{stroke:var(--d)}\n";

static const char common[] =
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}\n"
    "body{margin:0 auto;padding:2.5rem 2rem 4rem;max-width:78rem;background:var(--ground);"
    "color:var(--ink);font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\","
    "\"DejaVu Sans\",sans-serif}\n"
    "header{margin-bottom:2rem;max-width:48rem}\n"
    "h1{font-size:2rem;line-height:1.2;margin:0 0 .4rem;letter-spacing:-.015em;"
    "overflow-wrap:anywhere}\n"
    "h2{font-size:1.35rem;line-height:1.25;margin:0 0 .9rem;letter-spacing:-.01em}\n"
    "h3{font-size:1.05rem;margin:1.8rem 0 .5rem}\n"
    "p{margin:.6rem 0}\n"
    ".lead{color:var(--soft);font-size:1.05rem;margin:0}\n"
    "a{color:var(--link)}\n"
    "main>section{padding:1.9rem 0 1rem;border-top:1px solid var(--line)}\n"
    "main>section:first-child{padding-top:0;border-top:0}\n"
    "main p,main li,main dd{overflow-wrap:anywhere}\n"
    "section>p,.points{max-width:48rem}\n"
    "nav ul{list-style:none;margin:0 0 2rem;padding:0;display:flex;flex-wrap:wrap;"
    "gap:.3rem 1rem;font-size:.9rem}\n"
    "nav a{color:var(--soft);text-decoration:none}\n"
    "nav a:hover{color:var(--link);text-decoration:underline}\n"
    "@media(min-width:68rem){body:not(.single){display:grid;grid-template-columns:11rem "
    "minmax(0,1fr);"
    "column-gap:3rem}body:not(.single)>header{grid-column:2}nav{grid-column:1;grid-row:2}"
    "nav "
    "ul{position:sticky;top:2rem;flex-direction:column;gap:.45rem}body:not(.single)>main{grid-"
    "column:2}}\n"
    "@media(max-width:40rem){body{padding:1.4rem 1rem 3rem}h1{font-size:1.5rem}"
    "h2{font-size:1.2rem}}\n";

static const char blocks[] =
    ".points{margin:.8rem 0;padding-left:1.15rem}.points li{margin:.45rem 0}\n"
    "#summary .points{list-style:none;padding:0;max-width:58rem}\n"
    "#summary .points li{display:grid;grid-template-columns:9.5rem minmax(0,1fr);gap:1.2rem;"
    "padding:.6rem 0;margin:0;border-bottom:1px solid var(--line)}\n"
    "#summary .points a{font-weight:600;font-size:.92rem;text-decoration:none;line-height:1.45}\n"
    "#summary .points li>:only-child{grid-column:1/-1}\n"
    "@media(max-width:40rem){#summary .points li{grid-template-columns:1fr;gap:.1rem}}\n"
    ".missing{color:var(--soft);padding:.1rem 0 .1rem .9rem;border-left:3px solid var(--line)}\n"
    ".facts{margin:.8rem 0;font-size:.93rem}\n"
    ".facts div{display:grid;grid-template-columns:10rem minmax(0,1fr);gap:1rem;"
    "padding:.28rem 0;border-bottom:1px solid var(--line)}\n"
    ".facts dt{color:var(--soft)}.facts dd{margin:0}\n"
    "@media(max-width:40rem){.facts div{grid-template-columns:1fr;gap:0}}\n"
    ".verdicts{list-style:none;margin:.8rem 0;padding:0}\n"
    ".verdicts li{display:flex;gap:.8rem;padding:.7rem .9rem;margin:.5rem 0;"
    "background:var(--raised);border-radius:4px;border-left:3px solid var(--v)}\n"
    ".verdicts .mark{color:var(--v);font-weight:700;width:1em;text-align:center}\n"
    ".verdicts strong{color:var(--v)}\n"
    ".verdicts p{margin:.25rem 0 0;color:var(--soft);font-size:.93rem}\n"
    ".good{--v:var(--good)}.note{--v:var(--info)}.warning{--v:var(--warn)}.error{--v:var(--bad)}\n";

static const char tables[] =
    ".caption{color:var(--soft);font-size:.875rem;margin:1.1rem 0 .5rem}\n"
    ".scroll{overflow-x:auto;margin:0 0 1.4rem}\n"
    /* A shade where there is more to the side; what moves along covers it at the ends. */
    ".scroll,.plot{background:linear-gradient(90deg,var(--ground) 40%,transparent) 0 0/3rem 100% "
    "no-repeat local,linear-gradient(270deg,var(--ground) 40%,transparent) 100% 0/3rem 100% "
    "no-repeat local,linear-gradient(90deg,var(--shade),transparent) 0 0/1rem 100% no-repeat,"
    "linear-gradient(270deg,var(--shade),transparent) 100% 0/1rem 100% no-repeat}\n"
    "table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;"
    "line-height:1.4}\n"
    "th,td{padding:.34rem .7rem;text-align:right;vertical-align:top;"
    "border-bottom:1px solid var(--line);white-space:nowrap}\n"
    "th:first-child,td:first-child{padding-left:.2rem}\n"
    "thead th{vertical-align:bottom;font-weight:600;border-bottom:1.5px solid var(--faint);"
    "white-space:normal;min-width:4.2rem}\n"
    "th.t,td.t,tbody th{text-align:left}tbody th{font-weight:600}\n"
    "td.t{white-space:normal;min-width:9rem}\n"
    "tbody th{position:sticky;left:0;background:var(--ground)}\n"
    "tbody tr:hover,tbody tr:hover th{background:var(--raised)}\n"
    ".i,.c,.u{font-size:.78rem;font-weight:400;color:var(--soft)}\n"
    "thead .c{display:block}td .i,td .c{margin-left:.35em}\n"
    ".wide .i,.wide td .c{display:block;margin:0}\n"
    "table.wide{font-size:.82rem}.wide th+th,.wide td{padding-left:.45rem;padding-right:.45rem}"
    ".wide thead th{min-width:3.2rem}.wide td.t{min-width:4.5rem}\n"
    "th button{all:unset;cursor:pointer;font-weight:600}\n"
    "th button:focus-visible,.scroll:focus-visible,.plot:focus-visible{"
    "outline:2px solid var(--link);outline-offset:2px}\n"
    "th[aria-sort=ascending] button::after{content:\" \\25B4\"}\n"
    "th[aria-sort=descending] button::after{content:\" \\25BE\"}\n";

static const char figures[] =
    "figure{margin:1.4rem 0 2rem}\n"
    ".plot{overflow-x:auto}\n"
    ".plot svg{display:block;width:100%;height:auto;min-width:35rem}\n"
    "figcaption{color:var(--soft);font-size:.9rem;margin-top:.6rem;max-width:52rem}\n"
    "figcaption b{color:var(--ink);font-weight:600}\n"
    "svg text{pointer-events:none}\n"
    ".fi{fill:var(--ink)}.fs{fill:var(--soft)}.ff{fill:var(--faint)}.fp{fill:var(--paper)}\n"
    ".si{stroke:var(--ink)}.ss{stroke:var(--soft)}.sf{stroke:var(--faint)}"
    ".sp{stroke:var(--paper)}\n"
    ".h{fill:transparent}circle.h:hover{fill:var(--soft);opacity:.55}\n"
    "#tip{position:fixed;z-index:9;max-width:22rem;padding:.35rem .6rem;background:var(--ink);"
    "color:var(--paper);font-size:.82rem;line-height:1.35;border-radius:4px;pointer-events:none}\n";

static const char printed[] =
    "@media print{@page{size:A4;margin:16mm}body{display:block;padding:0;font-size:10pt;"
    "max-width:none}nav,#tip{display:none}h2,h3{break-after:avoid}figure,.verdicts li,"
    ".points li,tr{break-inside:avoid}thead{display:table-header-group}"
    ".plot,.scroll{overflow:visible;background:none}.plot svg{min-width:0}table{font-size:7.5pt}"
    "th,td{padding:2pt 4pt}a{color:inherit;text-decoration:none}}\n";

void
moe__html_style(GString *out, MoeReportTheme theme)
{
    g_string_append_printf(out, "<style>\n%s", light);
    if (theme != MOE_REPORT_LIGHT)
        g_string_append_printf(out, "@media screen%s{%s}\n",
                               theme == MOE_REPORT_AUTO ? " and (prefers-color-scheme:dark)" : "",
                               dark);
    g_string_append_printf(out, "%s%s%s%s%s</style>\n", common, blocks, tables, figures, printed);
}
