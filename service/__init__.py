"""People: settings, command line, HTTP and pages; where people and programs come in.

settings      what an installation is told; the only file that reads the environment
traffic       who is being answered; background work gives way
strangers     how often somebody may ask who has not signed in
repeating     work done again and again beside a server's answers
installation  a store and an index, opened together and kept in step
facets        by which values an answer can be narrowed
viewer        who asks, and what they may see
holdings      the library as a viewer sees it, without a question
folding       records that say the same, in one card
turning       a question turned towards what is liked
answers       search and match: one function each, behind every page, endpoint and command
beside        what stands beside a record: whom it may serve, and its like
results       a page of results: listed, folded, sorted, counted
suggesting    suggestions that follow the store
dealing       matches as a viewer meets them
introducing   who asks to be put in touch joins a match; contacts when both sides are interested
lining        what is demanded and what is offered, indicator by indicator
stepping      steps as forms
following     what matches a demand, and what changed since the last look
pushes        a firm is told of what was pushed to it
alerts        what came that a saved search would list
mail          letters through an SMTP server
letters       what they say
alerting      alerts in the background of a server, and by mail
listing       a list of matches as a file: CSV, a workbook, JSON lines
ledger        matches as rows of a sheet
resuming      long work that goes on after a kill
sharing       what is asked many times over, by threads or by processes
bulk          a sheet of demands in, a list of matches out
jobs          that in the background: a job's folder, and the process that works
outcome       what a job has so far: matches, refused rows, how they were made
webhooks      whoever asked for a job is told of its end
comparing     two runs: what came, went and moved
working       a server sees to it that jobs are worked on and told of
upkeep        what goes on in a server beside its searches
access        what handlers are handed: the installation, and who asks
templating    Jinja with autoescaping
visits        a visit note read into draft demands
fields        demands against achievements by industry, maturity and month, counted
looking       a file looked at before it is imported
imports       imports asked for over HTTP: received, looked at, run beside
forms         the fields of a form, and the sign that it came from our own page
filing        a demand from the fields of a form, what is wrong told at the field
uploads       a form with a file
receiving     a program's request into a file, however large
problems      from an error to a status, one table
api/          JSON under /api/v1, and health
calling       calls of the API by a program, made again where that does no harm
awaiting      a bulk job or an import at a server, followed by a program
client        a client of the API for Python programs
pages/        the site, one file a page; `templates/` and `static/` beside
guard         under which names a server answers, and what no foreign page may do
bounds        how large a request may be that is held in memory
app           the application over an installation
commands/     the command line, one file a command
cli           `duijie`
"""
