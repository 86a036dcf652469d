"""The local page for the billing desk: drop a plan, read the verdict, complete the claim information, download.

The only package that imports starlette and uvicorn. Knows what the use cases offer, and measures nothing itself.
"""
