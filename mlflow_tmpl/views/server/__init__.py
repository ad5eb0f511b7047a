"""The live page: the page of the graph with the runs, served on this machine by Starlette and uvicorn (extra `viz`).

What only needs the ledger is read from it; what needs the project is asked of `mlo` itself, in a process that ends
with the answer: so the page knows code and configuration as they are now, and shows what the commands print.
"""
