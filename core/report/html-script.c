/* SPDX-License-Identifier: MIT
 *
 * What a page does beyond being read: tables are sorted by a click on a head, and what marks say
 * shows at once, also under a finger. Without it both stay readable: heads are texts, and browsers
 * show a <title> by themselves.
 */
#include "report/html.h"

static const char script[] =
    "(function(){\n"
    "'use strict';\n"
    "function key(row,c){var d=row.cells[c];"
    "return d.dataset.v===undefined?d.textContent.trim():parseFloat(d.dataset.v)}\n"
    "function sort(table,c,down){var body=table.tBodies[0],rows=Array.from(body.rows);\n"
    "rows.sort(function(a,b){var x=key(a,c),y=key(b,c),n=typeof x=='number',m=typeof y=='number';\n"
    "if(n!=m)return n?-1:1;\n"
    "var d=n?x-y:x.localeCompare(y,undefined,{numeric:true});return down?-d:d});\n"
    "rows.forEach(function(r){body.appendChild(r)})}\n"
    "document.querySelectorAll('table').forEach(function(table){\n"
    "if(table.tBodies[0].rows.length<2)return;\n"
    "Array.from(table.tHead.rows[0].cells).forEach(function(head,c){\n"
    "var button=document.createElement('button');button.type='button';\n"
    "while(head.firstChild)button.appendChild(head.firstChild);\n"
    "head.appendChild(button);\n"
    "button.addEventListener('click',function(){\n"
    "var down=head.getAttribute('aria-sort')=='descending'?false:"
    "head.getAttribute('aria-sort')=='ascending'?true:!head.classList.contains('t');\n"
    "Array.from(head.parentNode.cells).forEach(function(h){h.removeAttribute('aria-sort')});\n"
    "head.setAttribute('aria-sort',down?'descending':'ascending');sort(table,c,down)})})});\n"
    "var tip=document.createElement('div');tip.id='tip';tip.hidden=true;\n"
    "tip.setAttribute('role','tooltip');document.body.appendChild(tip);\n"
    "function words(mark){var t=mark.querySelector(':scope>title');\n"
    "if(t){mark.dataset.w=t.textContent;t.remove()}return mark.dataset.w}\n"
    "function cell(mark,e){var d=mark.cells||(mark.cells=JSON.parse(mark.dataset.cells)),"
    "b=mark.getBoundingClientRect(),\n"
    "r=Math.min(d.row.length-1,Math.floor((e.clientY-b.top)/b.height*d.row.length)),"
    "c=Math.min(d.column.length-1,Math.floor((e.clientX-b.left)/b.width*d.column.length)),"
    "i=r*d.column.length+c;\n"
    "if(r<0||c<0||d.value[i]===null)return'';\n"
    "function say(x){"
    "return x===undefined||x===null?'':typeof x=='number'?x.toLocaleString('en'):x}\n"
    "function interval(){var l=(d.low||[])[i],h=(d.high||[])[i];"
    "return l==null||h==null?'unknown':say(l)+' to '+say(h)}\n"
    "return d.words.replace(/\\{(row|column|value|interval|0|1)\\}/g,function(_,k){"
    "return k=='interval'?interval():"
    "say(k=='row'?d.row[r]:k=='column'?d.column[c]:(d[k]||[])[i])})}\n"
    "document.addEventListener('pointermove',function(e){\n"
    "var mark=e.target.closest?e.target.closest('.plot svg *'):null,"
    "text=mark&&(mark.dataset.cells?cell(mark,e):words(mark));\n"
    "tip.hidden=!text;if(!text)return;tip.textContent=text;\n"
    "var w=tip.offsetWidth,h=tip.offsetHeight,x=e.clientX+14,y=e.clientY+16;\n"
    "if(x+w>innerWidth-8)x=Math.max(8,e.clientX-w-14);\n"
    "if(y+h>innerHeight-8)y=e.clientY-h-12;\n"
    "tip.style.left=x+'px';tip.style.top=y+'px'});\n"
    "document.addEventListener('pointerdown',function(e){\n"
    "if(!e.target.closest||!e.target.closest('.plot svg'))tip.hidden=true});\n"
    "addEventListener('scroll',function(){tip.hidden=true},{passive:true});\n"
    "})();\n";

void
moe__html_script(GString *out)
{
    g_string_append_printf(out, "<script>\n%s</script>\n", script);
}
